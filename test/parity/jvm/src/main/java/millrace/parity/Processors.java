package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.kstream.ValueTransformerWithKeySupplier;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** The processors that a case names. Keys and values are strings. */
final class Processors {
  private Processors() {}

  /** A store of a processor: key-value, with timestamps. */
  static StoreBuilder<TimestampedKeyValueStore<Object, Object>> store(JsonNode one) {
    String name = one.get("store").asText();
    boolean isInMemory = one.path("kind").asText().equals("memory");
    var supplier = isInMemory ? Stores.inMemoryKeyValueStore(name) : Stores.persistentTimestampedKeyValueStore(name);
    var builder = Stores.timestampedKeyValueStoreBuilder(supplier, Type.STRING.serde(), Type.STRING.serde());
    if (one.path("cache").asBoolean(false)) builder = builder.withCachingEnabled();
    if (!one.path("log").asBoolean(true)) builder = builder.withLoggingDisabled();
    return builder;
  }

  /** A supplier that brings its store along where the case says so (KIP-401). */
  static ProcessorSupplier<Object, Object, Object, Object> supplier(JsonNode one, boolean bringsStore) {
    StoreBuilder<?> store = bringsStore && one.has("store") ? store(one) : null;
    return new ProcessorSupplier<>() {
      @Override
      public Processor<Object, Object, Object, Object> get() {
        return new Step(one);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return store == null ? null : Set.of(store);
      }
    };
  }

  static FixedKeyProcessorSupplier<Object, Object, Object> fixedKeySupplier(JsonNode one) {
    StoreBuilder<?> store = one.has("store") ? store(one) : null;
    return new FixedKeyProcessorSupplier<>() {
      @Override
      public FixedKeyProcessor<Object, Object, Object> get() {
        return new FixedKeyStep(one);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return store == null ? null : Set.of(store);
      }
    };
  }

  /** Fills a store from a topic, for global and read-only ones. */
  static ProcessorSupplier<Object, Object, Void, Void> filler(String store) {
    return () ->
        new ContextualProcessor<>() {
          @Override
          public void process(Record<Object, Object> record) {
            TimestampedKeyValueStore<Object, Object> rows = context().getStateStore(store);
            rows.put(record.key(), ValueAndTimestamp.make(record.value(), record.timestamp()));
          }
        };
  }

  /** Applies a value function; with "uses" it adds what that store has for the key. */
  static ValueTransformerWithKeySupplier<Object, Object, Object> transformer(JsonNode one) {
    var function = Functions.value(one.get("fn"));
    return () ->
        new ValueTransformerWithKey<>() {
          private TimestampedKeyValueStore<Object, Object> rows;

          @Override
          public void init(org.apache.kafka.streams.processor.ProcessorContext context) {
            if (one.has("uses")) rows = context.getStateStore(one.get("uses").asText());
          }

          @Override
          public Object transform(Object key, Object value) {
            Object made = function.apply(value);
            if (rows == null) return made;
            ValueAndTimestamp<Object> row = rows.get(key);
            return made + "@" + (row == null ? null : row.value());
          }

          @Override
          public void close() {}
        };
  }

  private static final class Step extends ContextualProcessor<Object, Object, Object, Object> {
    private final JsonNode one;

    Step(JsonNode one) {
      this.one = one;
    }

    @Override
    public void init(ProcessorContext<Object, Object> context) {
      super.init(context);
      schedule(one, context, (time, text) -> context.forward(new Record<>("punctuated", text, time)));
    }

    @Override
    public void process(Record<Object, Object> record) {
      Object value = record.value();
      switch (name(one)) {
        case "twice" -> {
          context().forward(record.withValue(value + "1"));
          context().forward(record.withValue(value + "2").withTimestamp(record.timestamp() + 1));
        }
        case "rekey" -> context().forward(record.withKey(value).withValue(record.key()));
        case "header" -> {
          var headers = new RecordHeaders(record.headers());
          headers.add("p", String.valueOf(value).getBytes(StandardCharsets.UTF_8));
          context().forward(record.withHeaders(headers));
        }
        case "toChild" -> {
          boolean isFirst = String.valueOf(value).contains("a");
          context().forward(record, one.get("fn").get(isFirst ? 1 : 2).asText());
        }
        default -> context().forward(record.withValue(text(one, context(), record.key(), value, record.timestamp())));
      }
    }
  }

  private static final class FixedKeyStep extends ContextualFixedKeyProcessor<Object, Object, Object> {
    private final JsonNode one;

    FixedKeyStep(JsonNode one) {
      this.one = one;
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
      Object value = record.value();
      if (name(one).equals("twice")) {
        context().forward(record.withValue(value + "1"));
        context().forward(record.withValue(value + "2").withTimestamp(record.timestamp() + 1));
        return;
      }
      context().forward(record.withValue(text(one, context(), record.key(), value, record.timestamp())));
    }
  }

  /** What the processors that only change values make of one. */
  private static String text(JsonNode one, ProcessingContext context, Object key, Object value, long timestamp) {
    return switch (name(one)) {
      case "remember" -> {
        TimestampedKeyValueStore<Object, Object> store = context.getStateStore(one.get("fn").get(1).asText());
        ValueAndTimestamp<Object> old = store.get(key);
        store.put(key, ValueAndTimestamp.make(value, timestamp));
        yield (old == null ? "null" : old.value() + "@" + old.timestamp()) + ">" + value;
      }
      case "rows" -> {
        TimestampedKeyValueStore<Object, Object> store = context.getStateStore(one.get("fn").get(1).asText());
        StringBuilder all = new StringBuilder();
        try (KeyValueIterator<Object, ValueAndTimestamp<Object>> rows = store.all()) {
          rows.forEachRemaining(row -> all.append(row.key).append("=").append(row.value.value()).append(";"));
        }
        yield all.toString();
      }
      case "place" -> {
        var place = context.recordMetadata();
        String at = place.map(found -> found.topic() + "-" + found.partition() + "/" + found.offset()).orElse("none");
        yield value + "@" + at;
      }
      case "times" -> value + "@" + context.currentStreamTimeMs() + "," + context.currentSystemTimeMs();
      case "task" -> value + "@" + context.taskId() + "," + context.applicationId();
      default -> String.valueOf(value);
    };
  }

  private static void schedule(JsonNode one, ProcessingContext context, BiConsumer<Long, String> forward) {
    String fn = name(one);
    if (!fn.equals("byStreamTime") && !fn.equals("byWallClock")) return;
    PunctuationType type = fn.equals("byStreamTime") ? PunctuationType.STREAM_TIME : PunctuationType.WALL_CLOCK_TIME;
    Duration interval = Duration.ofMillis(one.get("fn").get(1).asLong());
    context.schedule(
        interval,
        type,
        // There is a context then, of no topic.
        time -> forward.accept(time, "at " + time + context.recordMetadata().map(place -> place.topic()).orElse("")));
  }

  private static String name(JsonNode one) {
    return one.get("fn").get(0).asText();
  }
}
