package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.test.TestRecord;

/** Runs one case, and gives the JVM's answer to it. */
final class CaseRun {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final HexFormat HEX = HexFormat.of();

  private final JsonNode one;
  private final ObjectNode answer = JSON.objectNode();

  CaseRun(JsonNode one) {
    this.one = one;
  }

  ObjectNode answer() throws IOException {
    Path state = Files.createTempDirectory("parity");
    try {
      Properties settings = settings(state);
      CaseTopology plan = new CaseTopology(one.get("topology"), settings);
      Topology topology;
      try {
        topology = plan.build(settings);
      } catch (RuntimeException refused) {
        return answer.put("error", "build").put("message", refused.getMessage());
      }
      answer.put("describe", topology.describe().toString());
      run(plan, topology, settings);
      return answer;
    } finally {
      try (Stream<Path> files = Files.walk(state)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
      }
    }
  }

  private Properties settings(Path state) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "parity");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    // A table's mapValues without a store takes no serde; what comes after it uses the default one.
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    one.path("config").fields().forEachRemaining(field -> settings.put(field.getKey(), setting(field.getKey(), field.getValue().asText())));
    return settings;
  }

  /** Handlers that go on are named by that word. */
  private static Object setting(String name, String value) {
    if (!value.equals("continue")) return value;
    return name.startsWith("deserialization") ? LogAndContinueExceptionHandler.class : LogAndContinueProcessingExceptionHandler.class;
  }

  private void run(CaseTopology plan, Topology topology, Properties settings) {
    TopologyTestDriver driver;
    try {
      driver = new TopologyTestDriver(topology, settings, Instant.EPOCH);
    } catch (RuntimeException refused) {
      answer.removeAll();
      answer.put("error", "build").put("message", refused.getMessage());
      return;
    }
    String message = null;
    try {
      for (JsonNode input : one.get("input")) feed(driver, plan, input);
    } catch (RuntimeException failed) {
      message = String.valueOf(failed.getMessage());
    }
    answer.set("output", output(driver, plan));
    answer.set("stores", message == null ? stores(driver, plan) : JSON.objectNode());
    if (message == null) answer.putNull("error");
    else answer.put("error", "process").put("message", message);
    try {
      driver.close();
    } catch (RuntimeException failed) {
      if (message == null) throw failed;
    }
  }

  private static void feed(TopologyTestDriver driver, CaseTopology plan, JsonNode input) {
    if (input.has("wallClock")) {
      driver.advanceWallClockTime(Duration.ofMillis(input.get("wallClock").asLong()));
      return;
    }
    String topic = input.get("topic").asText();
    if (input.has("hex")) {
      var record = new TestRecord<>(
          input.get("key").asText().getBytes(StandardCharsets.UTF_8),
          HEX.parseHex(input.get("hex").asText()),
          new RecordHeaders(),
          input.get("ts").asLong());
      driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer()).pipeInput(record);
      return;
    }
    // Topics that are read through a pattern have text.
    Type key = plan.inputKeys.getOrDefault(topic, Type.STRING);
    Type value = plan.inputValues.getOrDefault(topic, Type.STRING);
    Headers headers = new RecordHeaders();
    for (JsonNode header : input.path("headers")) {
      headers.add(header.get(0).asText(), header.get(1).asText().getBytes(StandardCharsets.UTF_8));
    }
    driver
        .createInputTopic(topic, key.serde().serializer(), value.serde().serializer())
        .pipeInput(
            new TestRecord<>(
                key.read(input.get("key")), value.read(input.get("value")), headers, input.get("ts").asLong()));
  }

  private static ArrayNode output(TopologyTestDriver driver, CaseTopology plan) {
    ArrayNode all = JSON.arrayNode();
    for (String topic : new TreeSet<>(driver.producedTopicNames())) {
      Type key = plan.outputKeys.get(topic);
      Type value = plan.outputValues.get(topic);
      var records =
          driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()).readRecordsToList();
      for (TestRecord<byte[], byte[]> record : records) {
        ObjectNode shown = all.addObject().put("topic", topic);
        shown.set("key", key == null ? hex(record.key()) : typed(key, topic, record.key()));
        shown.set("value", value == null ? hex(record.value()) : typed(value, topic, record.value()));
        if (record.timestamp() == null) shown.putNull("ts");
        else shown.put("ts", record.timestamp());
        ArrayNode headers = shown.putArray("headers");
        for (Header header : record.headers()) {
          ArrayNode pair = headers.addArray().add(header.key());
          if (key == null) pair.add(hex(header.value()));
          else pair.add(header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8));
        }
      }
    }
    return all;
  }

  private static JsonNode hex(byte[] bytes) {
    return bytes == null ? JSON.nullNode() : JSON.textNode(HEX.formatHex(bytes));
  }

  private static JsonNode typed(Type type, String topic, byte[] bytes) {
    return bytes == null ? JSON.nullNode() : Type.show(type.serde().deserializer().deserialize(topic, bytes));
  }

  private ObjectNode stores(TopologyTestDriver driver, CaseTopology plan) {
    ObjectNode all = JSON.objectNode();
    plan.stores.forEach(
        (name, kind) -> {
          ArrayNode rows = all.putArray(name);
          switch (kind) {
            case KEY_VALUE -> keyValues(driver, name, rows);
            case WINDOW -> windows(driver, name, rows);
            case SESSION -> sessions(driver, name, plan, rows);
            case VERSIONED -> versions(driver, name, plan, rows);
          }
        });
    return all;
  }

  private static void keyValues(TopologyTestDriver driver, String name, ArrayNode rows) {
    var store = driver.<Object, Object>getTimestampedKeyValueStore(name);
    try (KeyValueIterator<Object, ValueAndTimestamp<Object>> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<Object, ValueAndTimestamp<Object>> row = all.next();
        rows.addArray().add(Type.show(row.key)).add(Type.show(row.value.value())).add(row.value.timestamp());
      }
    }
  }

  private static void windows(TopologyTestDriver driver, String name, ArrayNode rows) {
    var store = driver.<Object, Object>getTimestampedWindowStore(name);
    try (KeyValueIterator<Windowed<Object>, ValueAndTimestamp<Object>> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<Windowed<Object>, ValueAndTimestamp<Object>> row = all.next();
        rows.addArray()
            .add(row.key.key() + "@" + row.key.window().start())
            .add(Type.show(row.value.value()))
            .add(row.value.timestamp());
      }
    }
  }

  private void sessions(TopologyTestDriver driver, String name, CaseTopology plan, ArrayNode rows) {
    var store = driver.<Object, Object>getSessionStore(name);
    try (KeyValueIterator<Windowed<Object>, Object> all = store.findSessions(null, null, 0, Long.MAX_VALUE)) {
      while (all.hasNext()) {
        KeyValue<Windowed<Object>, Object> row = all.next();
        rows.addArray().add(Type.show(row.key)).add(Type.show(row.value));
      }
    }
  }

  private void versions(TopologyTestDriver driver, String name, CaseTopology plan, ArrayNode rows) {
    var store = driver.<Object, Object>getVersionedKeyValueStore(name);
    Set<Object> keys = new TreeSet<>();
    Type type = plan.storeKeys.get(name);
    for (JsonNode input : one.get("input")) {
      if (input.has("key") && !input.get("key").isNull()) keys.add(type.read(input.get("key")));
    }
    for (Object key : keys) {
      VersionedRecord<Object> row = store.get(key);
      if (row != null) rows.addArray().add(Type.show(key)).add(Type.show(row.value())).add(row.timestamp());
    }
  }
}
