package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.SessionWindowedDeserializer;
import org.apache.kafka.streams.kstream.SessionWindowedSerializer;
import org.apache.kafka.streams.kstream.TimeWindowedDeserializer;
import org.apache.kafka.streams.kstream.TimeWindowedSerializer;
import org.apache.kafka.streams.kstream.Windowed;

/** The type of a key or value: a string, a long, or one of them in a window. */
record Type(Kind kind, Type inner, long size) {
  enum Kind { STRING, LONG, TIME_WINDOW, SESSION }

  static final Type STRING = new Type(Kind.STRING, null, 0);
  static final Type LONG = new Type(Kind.LONG, null, 0);

  static Type named(String name) {
    return name.equals("long") ? LONG : STRING;
  }

  Type inWindow(long size) {
    return new Type(Kind.TIME_WINDOW, this, size);
  }

  Type inSession() {
    return new Type(Kind.SESSION, this, 0);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  Serde<Object> serde() {
    Serde serde =
        switch (kind) {
          case STRING -> Serdes.String();
          case LONG -> Serdes.Long();
          case TIME_WINDOW -> Serdes.serdeFrom(
              new TimeWindowedSerializer<>(inner.serde().serializer()),
              new TimeWindowedDeserializer<>(inner.serde().deserializer(), size));
          case SESSION -> Serdes.serdeFrom(
              new SessionWindowedSerializer<>(inner.serde().serializer()),
              new SessionWindowedDeserializer<>(inner.serde().deserializer()));
        };
    return serde;
  }

  /** A value as input has it, as the JVM's object. */
  Object read(JsonNode json) {
    if (json == null || json.isNull()) return null;
    return kind == Kind.LONG ? (Object) json.asLong() : json.asText();
  }

  /** An object as answers have it: a windowed key with both ends. */
  static JsonNode show(Object value) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (value == null) return json.nullNode();
    if (value instanceof Long number) return json.numberNode(number);
    if (value instanceof Windowed<?> windowed) {
      String window = windowed.window().start() + "/" + windowed.window().end();
      return json.textNode(windowed.key() + "@" + window);
    }
    return json.textNode(value.toString());
  }
}
