package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.function.BiFunction;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/** Makes the joins of a case. */
final class Joins {
  private final JsonNode one;
  private final CaseTopology topology;
  private final Type key;
  private final Type left;
  private final Type right;

  Joins(JsonNode one, CaseTopology topology, Type key, Type left, Type right) {
    this.one = one;
    this.topology = topology;
    this.key = key;
    this.left = left;
    this.right = right;
  }

  private String op() {
    return one.get("op").asText();
  }

  private String name() {
    return one.has("name") ? one.get("name").asText() : null;
  }

  private Duration millis(String field) {
    return Duration.ofMillis(one.get(field).asLong());
  }

  KStream<Object, Object> streams(
      KStream<Object, Object> from,
      KStream<Object, Object> with,
      ValueJoinerWithKey<Object, Object, Object, Object> joiner) {
    JoinWindows windows =
        JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, millis("grace"))
            .before(millis("before"))
            .after(millis("after"));
    StreamJoined<Object, Object, Object> joined = StreamJoined.with(key.serde(), left.serde(), right.serde());
    if (name() != null) joined = joined.withName(name());
    if (one.has("store")) joined = joined.withStoreName(one.get("store").asText());
    if (one.path("kind").asText().equals("memory")) joined = joined.withDslStoreSuppliers(BuiltInDslStoreSuppliers.IN_MEMORY);
    if (one.has("log") && !one.get("log").asBoolean()) joined = joined.withLoggingDisabled();
    return switch (op()) {
      case "join" -> from.join(with, joiner, windows, joined);
      case "leftJoin" -> from.leftJoin(with, joiner, windows, joined);
      default -> from.outerJoin(with, joiner, windows, joined);
    };
  }

  KStream<Object, Object> withTable(
      KStream<Object, Object> from,
      KTable<Object, Object> with,
      ValueJoinerWithKey<Object, Object, Object, Object> joiner) {
    Joined<Object, Object, Object> joined = Joined.with(key.serde(), left.serde(), right.serde());
    if (name() != null) joined = joined.withName(name());
    if (one.has("grace")) joined = joined.withGracePeriod(millis("grace"));
    return op().equals("join") ? from.join(with, joiner, joined) : from.leftJoin(with, joiner, joined);
  }

  KStream<Object, Object> withGlobal(
      KStream<Object, Object> from,
      GlobalKTable<Object, Object> with,
      ValueJoinerWithKey<Object, Object, Object, Object> joiner) {
    BiFunction<Object, Object, Object> select = Functions.key(one.get("fn"));
    KeyValueMapper<Object, Object, Object> selector = select::apply;
    if (name() == null) {
      return op().equals("join") ? from.join(with, selector, joiner) : from.leftJoin(with, selector, joiner);
    }
    Named name = Named.as(name());
    return op().equals("join") ? from.join(with, selector, joiner, name) : from.leftJoin(with, selector, joiner, name);
  }

  KTable<Object, Object> tables(
      KTable<Object, Object> from, KTable<Object, Object> with, Type keyType, Type valueType) {
    JsonNode joiner = one.get("joiner");
    ValueJoiner<Object, Object, Object> join = (l, r) -> Functions.join(joiner, null, l, r);
    var store = topology.keyValue(one, keyType, valueType);
    if (one.has("foreignKey")) {
      BiFunction<Object, Object, Object> select = Functions.key(one.get("foreignKey"));
      BiFunction<Object, Object, Object> foreign = select::apply;
      TableJoined<Object, Object> joined = name() == null ? TableJoined.with(null, null) : TableJoined.as(name());
      return op().equals("join")
          ? from.join(with, foreign, join, joined, store)
          : from.leftJoin(with, foreign, join, joined, store);
    }
    if (name() == null) {
      return switch (op()) {
        case "join" -> from.join(with, join, store);
        case "leftJoin" -> from.leftJoin(with, join, store);
        default -> from.outerJoin(with, join, store);
      };
    }
    Named name = Named.as(name());
    return switch (op()) {
      case "join" -> from.join(with, join, name, store);
      case "leftJoin" -> from.leftJoin(with, join, name, store);
      default -> from.outerJoin(with, join, name, store);
    };
  }
}
