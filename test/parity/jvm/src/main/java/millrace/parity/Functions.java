package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.apache.kafka.streams.KeyValue;

/** The functions that a case names, over keys and values that are strings or longs. */
final class Functions {
  private Functions() {}

  static Function<Object, Object> value(JsonNode fn) {
    return switch (name(fn)) {
      case "upper" -> v -> v == null ? null : ((String) v).toUpperCase(java.util.Locale.ROOT);
      case "append" -> v -> v == null ? null : v + fn.get(1).asText();
      case "length" -> v -> v == null ? null : (long) ((String) v).length();
      case "nullIf" -> v -> v == null || v.equals(fn.get(1).asText()) ? null : v;
      case "text" -> v -> v == null ? null : v.toString();
      case "failOn" -> v -> {
        if (v != null && v.toString().contains(fn.get(1).asText())) throw new IllegalStateException("as the case says");
        return v;
      };
      default -> throw new IllegalArgumentException("no value function " + fn);
    };
  }

  /** The type of what a value function gives. */
  static Type valueType(JsonNode fn, Type from) {
    return switch (name(fn)) {
      case "length" -> Type.LONG;
      case "upper", "append", "text" -> Type.STRING;
      default -> from;
    };
  }

  static BiPredicate<Object, Object> predicate(JsonNode fn) {
    return switch (name(fn)) {
      case "contains" -> (k, v) -> v != null && v.toString().contains(fn.get(1).asText());
      case "longer" -> (k, v) -> v != null && v.toString().length() > fn.get(1).asInt();
      case "keyIs" -> (k, v) -> k != null && k.equals(fn.get(1).asText());
      case "even" -> (k, v) -> v != null && (Long) v % 2 == 0;
      default -> throw new IllegalArgumentException("no predicate " + fn);
    };
  }

  static BiFunction<Object, Object, Object> key(JsonNode fn) {
    return switch (name(fn)) {
      case "value" -> (k, v) -> v == null ? null : v.toString();
      case "first" -> (k, v) -> v == null ? null : first(v);
      case "constant" -> (k, v) -> fn.get(1).asText();
      case "key" -> (k, v) -> k;
      default -> throw new IllegalArgumentException("no key function " + fn);
    };
  }

  static Type keyType(JsonNode fn, Type key) {
    return name(fn).equals("key") ? key : Type.STRING;
  }

  static BiFunction<Object, Object, KeyValue<Object, Object>> pair(JsonNode fn) {
    return switch (name(fn)) {
      case "swap" -> (k, v) -> v == null ? KeyValue.pair(k, null) : KeyValue.pair(v.toString(), String.valueOf(k));
      case "firstAndValue" -> (k, v) -> v == null ? KeyValue.pair(k, null) : KeyValue.pair(first(v), v);
      default -> throw new IllegalArgumentException("no pair function " + fn);
    };
  }

  static Type pairValueType(JsonNode fn, Type value) {
    return name(fn).equals("swap") ? Type.STRING : value;
  }

  static List<Object> split(JsonNode fn, Object value) {
    List<Object> parts = new ArrayList<>();
    if (value == null) return parts;
    String text = (String) value;
    String separator = fn.get(1).asText();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  static Object join(JsonNode joiner, Object key, Object left, Object right) {
    String both = left + "/" + right;
    return name(joiner).equals("pairKey") ? key + ":" + both : both;
  }

  static String aggregate(JsonNode fn, Object aggregate, Object value) {
    return aggregate + (name(fn).equals("take") ? "-" : "+") + value;
  }

  static String reduce(JsonNode fn, Object aggregate, Object value) {
    return aggregate + (name(fn).equals("cut") ? "~" : ",") + value;
  }

  static String name(JsonNode fn) {
    return fn == null || fn.isMissingNode() ? "" : fn.get(0).asText();
  }

  private static String first(Object value) {
    String text = value.toString();
    return text.isEmpty() ? null : text.substring(0, 1);
  }
}
