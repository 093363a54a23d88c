package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Builds the topology that a case describes with Kafka's own DSL. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class CaseTopology {
  /** What an operator gave, and its types. */
  private record Node(Object stream, Type key, Type value, JsonNode window) {
    KStream<Object, Object> kstream() {
      return (KStream<Object, Object>) stream;
    }

    KTable<Object, Object> table() {
      return (KTable<Object, Object>) stream;
    }
  }

  /** A store of the topology by its kind, so that its rows can be listed. */
  enum StoreKind { KEY_VALUE, WINDOW, SESSION, VERSIONED }

  final Map<String, Type> inputKeys = new HashMap<>();
  final Map<String, Type> inputValues = new HashMap<>();
  final Map<String, Type> outputKeys = new HashMap<>();
  final Map<String, Type> outputValues = new HashMap<>();
  final Map<String, StoreKind> stores = new LinkedHashMap<>();
  final Map<String, Type> storeKeys = new HashMap<>();

  private final StreamsBuilder builder;
  private final Map<String, Node> nodes = new HashMap<>();
  private final JsonNode operators;

  CaseTopology(JsonNode operators, Properties settings) {
    this.operators = operators;
    this.builder = new StreamsBuilder(new TopologyConfig(new StreamsConfig(settings)));
  }

  Topology build(Properties settings) {
    if (ProcessorTopology.describes(operators)) return new ProcessorTopology(this).build(operators);
    for (JsonNode one : operators) {
      Node made = make(one);
      if (made != null && one.has("id")) nodes.put(one.get("id").asText(), made);
    }
    return builder.build(settings);
  }

  private Node make(JsonNode one) {
    String op = one.get("op").asText();
    return switch (op) {
      case "stream" -> stream(one);
      case "table", "globalTable" -> source(one);
      case "filter", "filterNot" -> filter(one);
      case "mapValues" -> mapValues(one);
      case "map", "selectKey", "flatMap", "flatMapValues", "peek", "merge" -> transform(one);
      case "split" -> split(one);
      case "repartition" -> repartition(one);
      case "toTable", "toStream" -> convert(one);
      case "groupByKey", "groupBy" -> group(one);
      case "windowTime", "windowSliding", "windowSession", "windowUnlimited", "emit" -> window(one);
      case "count", "reduce", "aggregate" -> aggregate(one);
      case "cogroup" -> cogroup(one);
      case "suppress" -> suppress(one);
      case "join", "leftJoin", "outerJoin" -> join(one);
      case "to" -> to(one);
      case "process", "processValues" -> process(one);
      case "transformValues" -> transformValues(one);
      case "foreach", "print" -> end(one);
      case "addGlobalStore" -> globalStore(one);
      default -> throw new IllegalStateException("no operator " + op);
    };
  }

  private Node of(JsonNode one) {
    return nodes.get(one.get("of").asText());
  }

  private Node with(JsonNode one) {
    return nodes.get(one.get("with").asText());
  }

  private static String nameOf(JsonNode one) {
    return one.has("name") ? one.get("name").asText() : null;
  }

  private static Named named(JsonNode one) {
    return Named.as(nameOf(one));
  }

  private static Duration millis(JsonNode node) {
    return Duration.ofMillis(node.asLong());
  }

  private Node stream(JsonNode one) {
    Type key = Type.named(one.get("key").asText());
    Type value = Type.named(one.get("value").asText());
    List<String> topics = new ArrayList<>();
    for (JsonNode topic : one.path("topics")) {
      topics.add(topic.asText());
      inputKeys.put(topic.asText(), key);
      inputValues.put(topic.asText(), value);
    }
    Consumed<Object, Object> consumed = Consumed.with(key.serde(), value.serde());
    if (one.has("name")) consumed = consumed.withName(nameOf(one));
    if (one.has("extractor")) consumed = consumed.withTimestampExtractor(extractor(one));
    Object stream =
        one.has("pattern")
            ? builder.stream(Pattern.compile(one.get("pattern").asText()), consumed)
            : builder.stream(topics, consumed);
    return new Node(stream, key, value, null);
  }

  private Node source(JsonNode one) {
    Type key = Type.named(one.get("key").asText());
    Type value = Type.named(one.get("value").asText());
    String topic = one.get("topic").asText();
    inputKeys.put(topic, key);
    inputValues.put(topic, value);
    Consumed<Object, Object> consumed = Consumed.with(key.serde(), value.serde());
    if (one.has("name")) consumed = consumed.withName(nameOf(one));
    if (one.has("extractor")) consumed = consumed.withTimestampExtractor(extractor(one));
    boolean isGlobal = one.get("op").asText().equals("globalTable");
    if (isGlobal && !isMaterialized(one)) return new Node(builder.globalTable(topic, consumed), key, value, null);
    Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> store = keyValue(one, key, value);
    Object table = isGlobal ? builder.globalTable(topic, consumed, store) : builder.table(topic, consumed, store);
    return new Node(table, key, value, null);
  }

  /** When a record happened: the digits of its value, or one after the latest of its partition. */
  static TimestampExtractor extractor(JsonNode one) {
    if (one.get("extractor").asText().equals("next")) return (record, partitionTime) -> partitionTime + 1;
    return (record, partitionTime) -> {
      String digits = String.valueOf(record.value()).replaceAll("[^0-9]", "");
      return digits.isEmpty() ? -1 : Long.parseLong(digits);
    };
  }

  /** Runs a processor of the case's on strings. */
  private Node process(JsonNode one) {
    Node of = of(one);
    if (one.has("store")) noteKeyValue(one);
    KStream<Object, Object> from = of.kstream();
    boolean keepsKeys = one.get("op").asText().equals("processValues");
    String[] stores = one.has("uses") ? new String[] {one.get("uses").asText()} : new String[0];
    Object made;
    if (keepsKeys) {
      var supplier = Processors.fixedKeySupplier(one);
      made = one.has("name") ? from.processValues(supplier, named(one), stores) : from.processValues(supplier, stores);
    } else {
      var supplier = Processors.supplier(one, true);
      made = one.has("name") ? from.process(supplier, named(one), stores) : from.process(supplier, stores);
    }
    return new Node(made, of.key, Type.STRING, of.window);
  }

  private Node globalStore(JsonNode one) {
    String topic = one.get("topic").asText();
    inputKeys.put(topic, Type.STRING);
    inputValues.put(topic, Type.STRING);
    noteKeyValue(one);
    Consumed<Object, Object> consumed = Consumed.with(Type.STRING.serde(), Type.STRING.serde());
    if (one.has("name")) consumed = consumed.withName(nameOf(one));
    String store = one.get("store").asText();
    builder.addGlobalStore(Processors.store(one).withLoggingDisabled(), topic, consumed, Processors.filler(store));
    return null;
  }

  private Node filter(JsonNode one) {
    Node of = of(one);
    boolean not = one.get("op").asText().equals("filterNot");
    var test = Functions.predicate(one.get("fn"));
    Predicate<Object, Object> predicate = test::test;
    if (of.stream instanceof KStream) {
      KStream<Object, Object> from = of.kstream();
      KStream<Object, Object> made =
          one.has("name")
              ? not ? from.filterNot(predicate, named(one)) : from.filter(predicate, named(one))
              : not ? from.filterNot(predicate) : from.filter(predicate);
      return new Node(made, of.key, of.value, of.window);
    }
    KTable<Object, Object> from = of.table();
    if (!isMaterialized(one)) {
      KTable<Object, Object> plain =
          one.has("name")
              ? not ? from.filterNot(predicate, named(one)) : from.filter(predicate, named(one))
              : not ? from.filterNot(predicate) : from.filter(predicate);
      return new Node(plain, of.key, of.value, of.window);
    }
    var store = keyValue(one, of.key, of.value);
    KTable<Object, Object> made =
        one.has("name")
            ? not ? from.filterNot(predicate, named(one), store) : from.filter(predicate, named(one), store)
            : not ? from.filterNot(predicate, store) : from.filter(predicate, store);
    return new Node(made, of.key, of.value, of.window);
  }

  private Node mapValues(JsonNode one) {
    Node of = of(one);
    var function = Functions.value(one.get("fn"));
    Type value = Functions.valueType(one.get("fn"), of.value);
    ValueMapper<Object, Object> mapper = function::apply;
    if (of.stream instanceof KStream) {
      Object made =
          one.has("name") ? of.kstream().mapValues(mapper, named(one)) : of.kstream().mapValues(mapper);
      return new Node(made, of.key, value, of.window);
    }
    if (!isMaterialized(one)) {
      Object plain = one.has("name") ? of.table().mapValues(mapper, named(one)) : of.table().mapValues(mapper);
      return new Node(plain, of.key, value, of.window);
    }
    var store = keyValue(one, of.key, value);
    Object made =
        one.has("name") ? of.table().mapValues(mapper, named(one), store) : of.table().mapValues(mapper, store);
    return new Node(made, of.key, value, of.window);
  }

  private Node transform(JsonNode one) {
    Node of = of(one);
    KStream<Object, Object> from = of.kstream();
    JsonNode fn = one.get("fn");
    Named name = one.has("name") ? named(one) : null;
    switch (one.get("op").asText()) {
      case "map": {
        var pair = Functions.pair(fn);
        KeyValueMapper<Object, Object, KeyValue<Object, Object>> mapper = pair::apply;
        Object made = name == null ? from.map(mapper) : from.map(mapper, name);
        return new Node(made, Type.STRING, Functions.pairValueType(fn, of.value), null);
      }
      case "selectKey": {
        var select = Functions.key(fn);
        KeyValueMapper<Object, Object, Object> mapper = select::apply;
        Object made = name == null ? from.selectKey(mapper) : from.selectKey(mapper, name);
        return new Node(made, Functions.keyType(fn, of.key), of.value, null);
      }
      case "flatMap": {
        KeyValueMapper<Object, Object, Iterable<KeyValue<Object, Object>>> mapper =
            (k, v) -> Functions.split(fn, v).stream().map(part -> KeyValue.pair(part, part)).toList();
        Object made = name == null ? from.flatMap(mapper) : from.flatMap(mapper, name);
        return new Node(made, Type.STRING, Type.STRING, null);
      }
      case "flatMapValues": {
        ValueMapper<Object, Iterable<Object>> mapper = v -> Functions.split(fn, v);
        Object made = name == null ? from.flatMapValues(mapper) : from.flatMapValues(mapper, name);
        return new Node(made, of.key, Type.STRING, of.window);
      }
      case "peek": {
        ForeachAction<Object, Object> look = (k, v) -> {};
        Object made = name == null ? from.peek(look) : from.peek(look, name);
        return new Node(made, of.key, of.value, of.window);
      }
      default: {
        KStream<Object, Object> other = with(one).kstream();
        Object made = name == null ? from.merge(other) : from.merge(other, name);
        return new Node(made, of.key, of.value, of.window);
      }
    }
  }

  private Node split(JsonNode one) {
    Node of = of(one);
    BranchedKStream<Object, Object> branched =
        one.has("name") ? of.kstream().split(named(one)) : of.kstream().split();
    for (JsonNode branch : one.get("branches")) {
      var test = Functions.predicate(branch.get("fn"));
      branched.branch(test::test, keep(branch.get("id").asText(), nameOf(branch), of));
    }
    if (one.has("default") && !one.get("default").isNull()) {
      branched.defaultBranch(keep(one.get("default").asText(), null, of));
    } else {
      branched.noDefaultBranch();
    }
    return null;
  }

  private Branched<Object, Object> keep(String id, String name, Node of) {
    return Branched.withConsumer(stream -> nodes.put(id, new Node(stream, of.key, of.value, of.window)), name);
  }

  private Node repartition(JsonNode one) {
    Node of = of(one);
    Repartitioned<Object, Object> options = Repartitioned.with(of.key.serde(), of.value.serde());
    if (one.has("name")) options = options.withName(nameOf(one));
    if (one.has("partitions")) options = options.withNumberOfPartitions(one.get("partitions").asInt());
    return new Node(of.kstream().repartition(options), of.key, of.value, of.window);
  }

  private Node convert(JsonNode one) {
    Node of = of(one);
    if (one.get("op").asText().equals("toStream")) {
      Object made = one.has("name") ? of.table().toStream(named(one)) : of.table().toStream();
      return new Node(made, of.key, of.value, of.window);
    }
    var store = keyValue(one, of.key, of.value);
    Object made = one.has("name") ? of.kstream().toTable(named(one), store) : of.kstream().toTable(store);
    return new Node(made, of.key, of.value, of.window);
  }

  private Node group(JsonNode one) {
    Node of = of(one);
    if (one.get("op").asText().equals("groupByKey")) {
      return new Node(of.kstream().groupByKey(grouped(one, of.key, of.value)), of.key, of.value, null);
    }
    JsonNode fn = one.get("fn");
    if (of.stream instanceof KTable) {
      Type key = Type.STRING;
      Type value = Functions.pairValueType(fn, of.value);
      var pair = Functions.pair(fn);
      return new Node(of.table().groupBy(pair::apply, grouped(one, key, value)), key, value, null);
    }
    Type key = Functions.keyType(fn, of.key);
    var select = Functions.key(fn);
    return new Node(of.kstream().groupBy(select::apply, grouped(one, key, of.value)), key, of.value, null);
  }

  private Grouped<Object, Object> grouped(JsonNode one, Type key, Type value) {
    Grouped<Object, Object> grouped = Grouped.with(key.serde(), value.serde());
    return one.has("name") ? grouped.withName(nameOf(one)) : grouped;
  }

  private Node window(JsonNode one) {
    Node of = of(one);
    if (one.get("op").asText().equals("emit")) {
      EmitStrategy strategy =
          one.get("strategy").asText().equals("close") ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
      Object made =
          of.stream instanceof SessionWindowedKStream
              ? ((SessionWindowedKStream<Object, Object>) of.stream).emitStrategy(strategy)
              : ((TimeWindowedKStream<Object, Object>) of.stream).emitStrategy(strategy);
      return new Node(made, of.key, of.value, of.window);
    }
    Object windows = windows(one);
    Object made;
    if (of.stream instanceof CogroupedKStream) {
      CogroupedKStream<Object, Object> from = (CogroupedKStream<Object, Object>) of.stream;
      if (windows instanceof Windows<?> time) made = from.windowedBy((Windows) time);
      else if (windows instanceof SlidingWindows sliding) made = from.windowedBy(sliding);
      else made = from.windowedBy((SessionWindows) windows);
    } else {
      KGroupedStream<Object, Object> from = (KGroupedStream<Object, Object>) of.stream;
      if (windows instanceof Windows<?> time) made = from.windowedBy((Windows) time);
      else if (windows instanceof SlidingWindows sliding) made = from.windowedBy(sliding);
      else made = from.windowedBy((SessionWindows) windows);
    }
    return new Node(made, of.key, of.value, one);
  }

  private static Object windows(JsonNode one) {
    Duration grace = millis(one.path("grace"));
    switch (one.get("op").asText()) {
      case "windowTime": {
        TimeWindows windows = TimeWindows.ofSizeAndGrace(millis(one.get("size")), grace);
        return one.has("advance") ? windows.advanceBy(millis(one.get("advance"))) : windows;
      }
      case "windowUnlimited":
        return UnlimitedWindows.of().startOn(Instant.ofEpochMilli(one.path("start").asLong()));
      case "windowSliding":
        return SlidingWindows.ofTimeDifferenceAndGrace(millis(one.get("difference")), grace);
      default:
        return SessionWindows.ofInactivityGapAndGrace(millis(one.get("gap")), grace);
    }
  }

  /** The type of the keys of a table over windows. */
  private static Type keyIn(Node of) {
    if (of.window == null) return of.key;
    return switch (of.window.get("op").asText()) {
      case "windowTime" -> of.key.inWindow(of.window.get("size").asLong());
      case "windowUnlimited" -> of.key.inWindow(Long.MAX_VALUE);
      case "windowSliding" -> of.key.inWindow(of.window.get("difference").asLong());
      default -> of.key.inSession();
    };
  }

  private Node aggregate(JsonNode one) {
    Node of = of(one);
    Type value =
        switch (one.get("op").asText()) {
          case "count" -> Type.LONG;
          case "reduce" -> of.value;
          default -> Type.STRING;
        };
    Aggregation made = new Aggregation(one, this, of.key, value);
    return new Node(made.of(of.stream), keyIn(of), value, of.window);
  }

  private Node cogroup(JsonNode one) {
    CogroupedKStream<Object, Object> cogrouped = null;
    Type key = Type.STRING;
    for (JsonNode input : one.get("inputs")) {
      Node of = of(input);
      JsonNode fn = input.get("fn");
      key = of.key;
      KGroupedStream<Object, Object> stream = (KGroupedStream<Object, Object>) of.stream;
      Aggregator<Object, Object, Object> add = (k, v, aggregate) -> Functions.aggregate(fn, aggregate, v);
      cogrouped = cogrouped == null ? stream.cogroup(add) : cogrouped.cogroup(stream, add);
    }
    return new Node(cogrouped, key, Type.STRING, null);
  }

  private Node suppress(JsonNode one) {
    Node of = of(one);
    JsonNode until = one.get("until");
    Suppressed suppressed;
    boolean isBounded = !until.isTextual() || one.has("full");
    Suppressed.BufferConfig buffer = isBounded ? buffer(one) : Suppressed.BufferConfig.unbounded();
    if (one.path("full").asText().equals("shutDown")) buffer = buffer.shutDownWhenFull();
    if (one.path("full").asText().equals("emitEarly")) buffer = buffer.emitEarlyWhenFull();
    if (one.has("log") && !one.get("log").asBoolean()) buffer = buffer.withLoggingDisabled();
    suppressed =
        until.isTextual()
            ? Suppressed.untilWindowCloses((Suppressed.StrictBufferConfig) buffer)
            : Suppressed.untilTimeLimit(millis(until), buffer);
    if (one.has("name")) suppressed = suppressed.withName(nameOf(one));
    return new Node(of.table().suppress(suppressed), of.key, of.value, of.window);
  }

  private static Suppressed.BufferConfig buffer(JsonNode one) {
    if (!one.has("maxRecords") && !one.has("maxBytes")) return Suppressed.BufferConfig.unbounded();
    if (!one.has("maxRecords")) return Suppressed.BufferConfig.maxBytes(one.get("maxBytes").asLong());
    var buffer = Suppressed.BufferConfig.maxRecords(one.get("maxRecords").asLong());
    return one.has("maxBytes") ? buffer.withMaxBytes(one.get("maxBytes").asLong()) : buffer;
  }

  /** Gives a table's rows other values by a transformer; with "uses" it adds what that store has for the key. */
  private Node transformValues(JsonNode one) {
    Node of = of(one);
    Type value = Functions.valueType(one.get("fn"), of.value);
    var supplier = Processors.transformer(one);
    String[] stores = one.has("uses") ? new String[] {one.get("uses").asText()} : new String[0];
    Object made;
    if (!isMaterialized(one)) {
      made =
          one.has("name")
              ? of.table().transformValues(supplier, named(one), stores)
              : of.table().transformValues(supplier, stores);
    } else {
      var store = keyValue(one, of.key, value);
      made =
          one.has("name")
              ? of.table().transformValues(supplier, store, named(one), stores)
              : of.table().transformValues(supplier, store, stores);
    }
    return new Node(made, of.key, value, of.window);
  }

  /** Ends a stream in something that leaves no record. */
  private Node end(JsonNode one) {
    KStream<Object, Object> from = of(one).kstream();
    if (one.get("op").asText().equals("print")) {
      Printed<Object, Object> printed = Printed.toFile("/dev/null");
      from.print(one.has("name") ? printed.withName(nameOf(one)) : printed);
    } else if (one.has("name")) {
      from.foreach((k, v) -> {}, named(one));
    } else {
      from.foreach((k, v) -> {});
    }
    return null;
  }

  private Node join(JsonNode one) {
    Node left = of(one);
    Node right = with(one);
    JsonNode joiner = one.get("joiner");
    ValueJoinerWithKey<Object, Object, Object, Object> join = (k, l, r) -> Functions.join(joiner, k, l, r);
    Joins made = new Joins(one, this, left.key, left.value, right.value);
    if (left.stream instanceof KTable) {
      Object table = made.tables(left.table(), right.table(), left.key, Type.STRING);
      return new Node(table, left.key, Type.STRING, null);
    }
    Object stream =
        right.stream instanceof KStream
            ? made.streams(left.kstream(), right.kstream(), join)
            : right.stream instanceof KTable
                ? made.withTable(left.kstream(), right.table(), join)
                : made.withGlobal(left.kstream(), (GlobalKTable<Object, Object>) right.stream, join);
    return new Node(stream, left.key, Type.STRING, null);
  }

  private Node to(JsonNode one) {
    Node of = of(one);
    String topic = one.path("topic").asText();
    outputKeys.put(topic, of.key);
    outputValues.put(topic, of.value);
    Produced<Object, Object> produced = Produced.with(of.key.serde(), of.value.serde());
    if (one.has("name")) produced = produced.withName(nameOf(one));
    if (one.has("topicOf")) of.kstream().to(topicOf(one), produced);
    else of.kstream().to(topic, produced);
    return null;
  }

  /** An extractor that describes itself as the one on the other side does. */
  private static TopicNameExtractor<Object, Object> topicOf(JsonNode one) {
    var select = Functions.key(one.get("topicOf"));
    return new TopicNameExtractor<>() {
      @Override
      public String extract(Object key, Object value, RecordContext context) {
        return (String) select.apply(key, value);
      }

      @Override
      public String toString() {
        return "extractor";
      }
    };
  }

  /** Whether the case says anything about the store of what it makes. */
  private static boolean isMaterialized(JsonNode one) {
    return one.has("store") || one.has("kind") || one.has("cache") || one.has("log");
  }

  Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> keyValue(JsonNode one, Type key, Type value) {
    if (one.path("kind").asText().equals("versioned")) {
      note(one, StoreKind.VERSIONED, key);
      var supplier = Stores.persistentVersionedKeyValueStore(one.get("store").asText(), millis(one.get("history")));
      Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> store = Materialized.as(supplier);
      return options(one, store, key, value);
    }
    note(one, StoreKind.KEY_VALUE, key);
    return materialized(one, key, value);
  }

  Materialized<Object, Object, WindowStore<Bytes, byte[]>> window(JsonNode one, Type key, Type value) {
    note(one, StoreKind.WINDOW, key);
    return materialized(one, key, value);
  }

  Materialized<Object, Object, SessionStore<Bytes, byte[]>> session(JsonNode one, Type key, Type value) {
    note(one, StoreKind.SESSION, key);
    return materialized(one, key, value);
  }

  /** Notes a store of strings, with timestamps. */
  void noteKeyValue(JsonNode one) {
    note(one, StoreKind.KEY_VALUE, Type.STRING);
  }

  private void note(JsonNode one, StoreKind kind, Type key) {
    if (!one.has("store")) return;
    stores.put(one.get("store").asText(), kind);
    storeKeys.put(one.get("store").asText(), key);
  }

  private <S extends StateStore> Materialized<Object, Object, S> materialized(JsonNode one, Type key, Type value) {
    Materialized<Object, Object, S> store =
        one.has("store") ? Materialized.as(one.get("store").asText()) : Materialized.with(key.serde(), value.serde());
    String kind = one.path("kind").asText();
    if (kind.equals("memory")) store = store.withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY);
    if (kind.equals("persistent")) store = store.withStoreType(BuiltInDslStoreSuppliers.ROCKS_DB);
    return options(one, store, key, value);
  }

  private static <S extends StateStore> Materialized<Object, Object, S> options(
      JsonNode one, Materialized<Object, Object, S> from, Type key, Type value) {
    Materialized<Object, Object, S> store = from.withKeySerde(key.serde()).withValueSerde(value.serde());
    if (one.has("retention")) store = store.withRetention(millis(one.get("retention")));
    JsonNode cache = one.has("cache") ? one.get("cache") : MissingNode.getInstance();
    JsonNode log = one.has("log") ? one.get("log") : MissingNode.getInstance();
    if (cache.isBoolean()) store = cache.asBoolean() ? store.withCachingEnabled() : store.withCachingDisabled();
    if (log.isBoolean()) store = log.asBoolean() ? store.withLoggingEnabled(new HashMap<>()) : store.withLoggingDisabled();
    return store;
  }
}
