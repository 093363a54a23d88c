package millrace;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.kstream.internals.TimeWindow;
import org.apache.kafka.streams.state.AggregationWithHeaders;
import org.apache.kafka.streams.state.ValueTimestampHeaders;

/** Writes what Kafka's serdes make of values: one value a line. Numbers are text, so that none loses digits on its way. */
public final class SerdeVectors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOPIC = "topic";
    private final ArrayNode lines = JSON.createArrayNode();

    static void write(Path file) throws IOException {
        SerdeVectors vectors = new SerdeVectors();
        vectors.numbers();
        vectors.others();
        vectors.lists();
        vectors.windows();
        vectors.rows();
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file))) {
            out.println("[");
            for (int line = 0; line < vectors.lines.size(); line++) {
                out.println(vectors.lines.get(line) + (line + 1 < vectors.lines.size() ? "," : ""));
            }
            out.println("]");
        }
    }

    private void numbers() {
        for (short value : new short[] {0, 1, -1, 258, Short.MAX_VALUE, Short.MIN_VALUE}) {
            add("int16", Serdes.Short(), value);
        }
        for (int value : new int[] {0, 1, -1, 66051, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            add("int32", Serdes.Integer(), value);
        }
        for (long value : new long[] {0, 1, -1, 4294967296L, -4294967297L, 9007199254740991L, -9007199254740991L}) {
            add("int64", Serdes.Long(), value);
        }
        for (long value : new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            add("bigint64", Serdes.Long(), value);
        }
        for (float value : new float[] {0, -0.0f, 1.5f, -3.25e10f, Float.MAX_VALUE, Float.MIN_VALUE, Float.POSITIVE_INFINITY}) {
            add("float32", Serdes.Float(), value);
        }
        for (double value : new double[] {0, -0.0, 0.1, -2.5e300, Double.MAX_VALUE, Double.MIN_VALUE, Double.NEGATIVE_INFINITY}) {
            add("float64", Serdes.Double(), value);
        }
    }

    private void others() {
        for (String value : List.of("", "text", "öß €", "𝄞", "\u0000")) {
            add("string", Serdes.String(), value);
        }
        for (boolean value : new boolean[] {true, false}) {
            add("boolean", Serdes.Boolean(), value);
        }
        add("uuid", Serdes.UUID(), new UUID(0, 0));
        add("uuid", Serdes.UUID(), UUID.fromString("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"));
    }

    private void lists() {
        addList("int16", Serdes.Short(), List.of((short) 1, (short) -2));
        addList("int32", Serdes.Integer(), List.of());
        addList("int32", Serdes.Integer(), List.of(1, 2, 3));
        addList("int32", Serdes.Integer(), Arrays.asList(null, 7, null));
        addList("int64", Serdes.Long(), List.of(1L, -4294967297L));
        addList("float32", Serdes.Float(), List.of(1.5f));
        addList("float64", Serdes.Double(), Arrays.asList(0.1, null));
        addList("uuid", Serdes.UUID(), List.of(new UUID(1, 2), new UUID(-1, -2)));
        addList("string", Serdes.String(), List.of());
        addList("string", Serdes.String(), Arrays.asList("a", "", null, "öß"));
        addList("boolean", Serdes.Boolean(), List.of(true, false));
    }

    private void windows() {
        Serde<Windowed<String>> timed = new WindowedSerdes.TimeWindowedSerde<>(Serdes.String(), 10);
        Serde<Windowed<String>> session = new WindowedSerdes.SessionWindowedSerde<>(Serdes.String());
        for (String key : List.of("", "key")) {
            for (long start : new long[] {0, 7, 1_700_000_000_000L}) {
                Windowed<String> inTime = new Windowed<>(key, new TimeWindow(start, start + 10));
                add("windowed", timed, inTime, key + "@" + start + "/" + (start + 10));
                Windowed<String> inSession = new Windowed<>(key, new SessionWindow(start, start + 5));
                add("sessionWindowed", session, inSession, key + "@" + start + "/" + (start + 5));
            }
        }
    }

    /** Rows of stores that keep headers: value, timestamp (but for sessions), and keys and values of the headers. */
    private void rows() {
        Headers none = new RecordHeaders();
        Headers some = new RecordHeaders().add("a", "1".getBytes()).add("", new byte[0]).add("a", null);
        Headers large = new RecordHeaders().add("k".repeat(70), "v".repeat(200).getBytes());
        for (Headers headers : List.of(none, some, large)) {
            for (String value : List.of("", "text")) {
                addRow("timestampHeaders", ValueTimestampHeaders.make(value, 1_700_000_000_000L, headers), headers, value, "1700000000000");
                addRow("headers", AggregationWithHeaders.make(value, headers), headers, value);
            }
        }
    }

    private void addRow(String type, Object row, Headers headers, String... texts) {
        String name = type.equals("headers") ? "AggregationWithHeadersSerializer" : "ValueTimestampHeadersSerializer";
        ArrayNode parts = JSON.createArrayNode();
        for (String text : texts) {
            parts.add(text);
        }
        for (Header header : headers) {
            parts.add(header.key()).add(header.value() == null ? null : new String(header.value()));
        }
        ObjectNode line = lines.addObject().put("serde", type);
        line.put("hex", HexFormat.of().formatHex(serializer(name).serialize(TOPIC, row))).set("value", parts);
    }

    /** One of the serializers that Kafka Streams keeps to itself. */
    @SuppressWarnings("unchecked")
    private static Serializer<Object> serializer(String name) {
        try {
            var constructor = Class.forName("org.apache.kafka.streams.state.internals." + name).getDeclaredConstructor(Serializer.class);
            constructor.setAccessible(true);
            return (Serializer<Object>) constructor.newInstance(Serdes.String().serializer());
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private <T> void addList(String type, Serde<T> inner, List<T> values) {
        Serde<List<T>> serde = (Serde) Serdes.ListSerde(ArrayList.class, inner);
        ArrayNode texts = JSON.createArrayNode();
        for (T value : values) {
            texts.add(value == null ? null : value.toString());
        }
        ObjectNode line = line("list(" + type + ")", serde, values);
        line.set("value", texts);
    }

    private <T> void add(String type, Serde<T> serde, T value) {
        add(type, serde, value, value.toString());
    }

    private <T> void add(String type, Serde<T> serde, T value, String text) {
        line(type, serde, value).put("value", text);
    }

    private <T> ObjectNode line(String type, Serde<T> serde, T value) {
        ObjectNode line = lines.addObject().put("serde", type);
        return line.put("hex", HexFormat.of().formatHex(serde.serializer().serialize(TOPIC, value)));
    }
}
