package millrace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * Writes what Kafka's Java codec makes of invented messages, for every API that is served to clients
 * and every version of it, one JSON object a line:
 *
 *   {"api", "key", "versions", "newestStable", "requestHeaders", "responseHeaders"}   once per API; the headers' versions
 *   {"message", "version", "style", "hex", "value"}                                   one message
 *
 * Run it by `mvn -q -f test/parity/jvm compile exec:java`. The same Kafka gives the same file.
 */
public final class MessageVectors {
    /** Keys of APIs between brokers and controllers, which no client calls. */
    private static final Set<Integer> INTERNAL = Set.of(
        52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 80, 81, 82, 83, 84, 85, 86, 87);

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final PrintWriter out;

    private MessageVectors(PrintWriter out) {
        this.out = out;
    }

    /** Takes the path of the file to write, which is compressed by gzip. */
    public static void main(String[] arguments) throws IOException {
        OutputStream file = new GZIPOutputStream(new FileOutputStream(arguments[0])) {
            {
                def.setLevel(9);
            }
        };
        try (PrintWriter out = new PrintWriter(new OutputStreamWriter(file, StandardCharsets.UTF_8))) {
            new MessageVectors(out).record();
        }
    }

    private void record() throws IOException {
        for (ApiMessageType type : clientApis()) {
            out.println(MAPPER.writeValueAsString(describe(type)));
            int oldest = type.lowestSupportedVersion();
            int newest = type.highestSupportedVersion(true);
            record(type.name + "Request", "Data", oldest, newest);
            record(type.name + "Response", "Data", oldest, newest);
        }
        record("RequestHeader", "Data", 1, 2);
        record("ResponseHeader", "Data", 0, 1);
        record("ConsumerProtocolSubscription", "", 0, 3);
        record("ConsumerProtocolAssignment", "", 0, 3);
    }

    private static List<ApiMessageType> clientApis() {
        return Stream.of(ApiMessageType.values())
            .filter(type -> type.lowestSupportedVersion() <= type.highestSupportedVersion(true))
            .filter(type -> !INTERNAL.contains((int) type.apiKey()))
            .sorted(Comparator.comparing(ApiMessageType::apiKey))
            .toList();
    }

    private static ObjectNode describe(ApiMessageType type) {
        int oldest = type.lowestSupportedVersion();
        int newest = type.highestSupportedVersion(true);
        ObjectNode node = MAPPER.createObjectNode();
        node.put("api", type.name);
        node.put("key", type.apiKey());
        node.putArray("versions").add(oldest).add(newest);
        node.put("newestStable", type.highestSupportedVersion(false));
        ArrayNode requests = node.putArray("requestHeaders");
        ArrayNode responses = node.putArray("responseHeaders");
        for (int version = oldest; version <= newest; version++) {
            requests.add(type.requestHeaderVersion((short) version));
            responses.add(type.responseHeaderVersion((short) version));
        }
        return node;
    }

    private void record(String name, String suffix, int oldest, int newest) throws IOException {
        Schema schema = new Schema(name, oldest, newest);
        String type = "org.apache.kafka.common.message." + name + suffix;
        for (int version = oldest; version <= newest; version++) {
            for (Filler.Style style : Filler.Style.values()) {
                for (int round = 0; round < style.rounds; round++) {
                    long seed = (name + version + style + round).hashCode();
                    JsonNode content = new Filler(schema, version, style, seed).message();
                    JsonNode vector = vector(type, (short) version, content, schema, name, style);
                    out.println(MAPPER.writeValueAsString(vector));
                }
            }
        }
    }

    private static ObjectNode vector(
        String type, short version, JsonNode content, Schema schema, String name, Filler.Style style
    ) {
        try {
            Message written = (Message) Class.forName(type + "JsonConverter")
                .getMethod("read", JsonNode.class, short.class)
                .invoke(null, content, version);
            ByteBuffer bytes = MessageUtil.toByteBufferAccessor(written, version).buffer();
            Message read = (Message) Class.forName(type).getConstructor().newInstance();
            read.read(new ByteBufferAccessor(bytes.duplicate()), version);
            ObjectNode node = MAPPER.createObjectNode();
            node.put("message", name);
            node.put("version", version);
            node.put("style", style.name().toLowerCase());
            node.put("hex", Values.hex(bytes));
            node.set("value", Values.of(read, schema));
            return node;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(name + " version " + version + " " + style, e);
        }
    }
}
