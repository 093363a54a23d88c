package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.streams.kstream.*;

/** Makes the table of a count, reduce or aggregate over whatever was grouped. */
@SuppressWarnings("unchecked")
final class Aggregation {
  private final JsonNode one;
  private final CaseTopology topology;
  private final Type key;
  private final Type value;
  private final Initializer<Object> empty = () -> "";
  private final Aggregator<Object, Object, Object> add;
  private final Aggregator<Object, Object, Object> take;
  private final Reducer<Object> join;
  private final Reducer<Object> cut;
  private final Merger<Object, Object> merge = (k, left, right) -> left + "|" + right;

  Aggregation(JsonNode one, CaseTopology topology, Type key, Type value) {
    this.one = one;
    this.topology = topology;
    this.key = key;
    this.value = value;
    JsonNode fn = one.path("fn");
    JsonNode sub = one.path("sub");
    add = (k, v, aggregate) -> Functions.aggregate(fn, aggregate, v);
    take = (k, v, aggregate) -> Functions.aggregate(sub, aggregate, v);
    join = (aggregate, v) -> Functions.reduce(fn, aggregate, v);
    cut = (aggregate, v) -> Functions.reduce(sub, aggregate, v);
  }

  KTable<?, Object> of(Object from) {
    if (from instanceof KGroupedStream) return stream((KGroupedStream<Object, Object>) from);
    if (from instanceof KGroupedTable) return table((KGroupedTable<Object, Object>) from);
    if (from instanceof TimeWindowedKStream) return windowed((TimeWindowedKStream<Object, Object>) from);
    if (from instanceof SessionWindowedKStream) return session((SessionWindowedKStream<Object, Object>) from);
    return cogrouped(from);
  }

  private String op() {
    return one.get("op").asText();
  }

  private Named name() {
    return one.has("name") ? Named.as(one.get("name").asText()) : null;
  }

  private KTable<?, Object> stream(KGroupedStream<Object, Object> from) {
    var store = topology.keyValue(one, key, value);
    Named name = name();
    return switch (op()) {
      case "count" -> counted(name == null ? from.count((Materialized) store) : from.count(name, (Materialized) store));
      case "reduce" -> name == null ? from.reduce(join, store) : from.reduce(join, name, store);
      default -> name == null ? from.aggregate(empty, add, store) : from.aggregate(empty, add, name, store);
    };
  }

  private KTable<?, Object> table(KGroupedTable<Object, Object> from) {
    var store = topology.keyValue(one, key, value);
    Named name = name();
    return switch (op()) {
      case "count" -> counted(name == null ? from.count((Materialized) store) : from.count(name, (Materialized) store));
      case "reduce" -> name == null ? from.reduce(join, cut, store) : from.reduce(join, cut, name, store);
      default -> name == null
          ? from.aggregate(empty, add, take, store)
          : from.aggregate(empty, add, take, name, store);
    };
  }

  private KTable<?, Object> windowed(TimeWindowedKStream<Object, Object> from) {
    var store = topology.window(one, key, value);
    Named name = name();
    return switch (op()) {
      case "count" -> counted(name == null ? from.count((Materialized) store) : from.count(name, (Materialized) store));
      case "reduce" -> name == null ? from.reduce(join, store) : from.reduce(join, name, store);
      default -> name == null ? from.aggregate(empty, add, store) : from.aggregate(empty, add, name, store);
    };
  }

  private KTable<?, Object> session(SessionWindowedKStream<Object, Object> from) {
    var store = topology.session(one, key, value);
    Named name = name();
    return switch (op()) {
      case "count" -> counted(name == null ? from.count((Materialized) store) : from.count(name, (Materialized) store));
      case "reduce" -> name == null ? from.reduce(join, store) : from.reduce(join, name, store);
      default -> name == null
          ? from.aggregate(empty, add, merge, store)
          : from.aggregate(empty, add, merge, name, store);
    };
  }

  private KTable<?, Object> cogrouped(Object from) {
    Named name = name();
    if (from instanceof CogroupedKStream) {
      var store = topology.keyValue(one, key, value);
      var stream = (CogroupedKStream<Object, Object>) from;
      return name == null ? stream.aggregate(empty, store) : stream.aggregate(empty, name, store);
    }
    if (from instanceof TimeWindowedCogroupedKStream) {
      var store = topology.window(one, key, value);
      var stream = (TimeWindowedCogroupedKStream<Object, Object>) from;
      return name == null ? stream.aggregate(empty, store) : stream.aggregate(empty, name, store);
    }
    var store = topology.session(one, key, value);
    var stream = (SessionWindowedCogroupedKStream<Object, Object>) from;
    return name == null ? stream.aggregate(empty, merge, store) : stream.aggregate(empty, merge, name, store);
  }

  private static KTable<?, Object> counted(Object table) {
    return (KTable<?, Object>) table;
  }
}
