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
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.errors.UnsupportedVersionException;
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
 *   {"message", "version", "lost", "sample", "refused", "hex"}   what becomes of the message in `hex` if a field that
 *       the version lacks is set to the sample: it is refused, or encoded without the field
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
    static void write(Path path) throws IOException {
        OutputStream file = new GZIPOutputStream(new FileOutputStream(path.toFile())) {
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
                    ObjectNode node = MAPPER.createObjectNode();
                    node.put("message", name).put("version", version).put("style", style.name().toLowerCase());
                    Message written = fromJson(type, (short) version, content);
                    ByteBuffer bytes = MessageUtil.toByteBufferAccessor(written, (short) version).buffer();
                    node.put("hex", Values.hex(bytes));
                    node.set("value", Values.of(fromBytes(type, (short) version, bytes), schema));
                    out.println(MAPPER.writeValueAsString(node));
                }
            }
            for (Losses.Loss loss : Losses.of(schema, version)) {
                out.println(MAPPER.writeValueAsString(describe(loss, name, type, schema, (short) version)));
            }
        }
    }

    private static ObjectNode describe(Losses.Loss loss, String name, String type, Schema schema, short version) {
        JsonNode content = new Filler(schema, version, Filler.Style.TYPICAL, 0).message();
        Message whole = fromJson(type, version, content);
        Message changed = fromJson(type, version, content);
        short elsewhere = (short) schema.newestWith(loss.field());
        JsonNode fallback = Values.of(whole, schema).at(loss.pointer());
        JsonNode sample = fallback;
        for (long seed = 0; sample.equals(fallback); seed++) {
            JsonNode other = new Filler(schema, elsewhere, Filler.Style.TYPICAL, seed).message();
            loss.copy(fromJson(type, elsewhere, other), changed);
            sample = Values.of(changed, schema).at(loss.pointer());
        }
        ObjectNode node = MAPPER.createObjectNode();
        node.put("message", name).put("version", version).put("lost", loss.pointer());
        node.set("sample", sample);
        node.put("refused", isRefused(changed, version));
        node.put("hex", Values.hex(MessageUtil.toByteBufferAccessor(whole, version).buffer()));
        return node;
    }

    private static boolean isRefused(Message message, short version) {
        try {
            MessageUtil.toByteBufferAccessor(message, version);
            return false;
        } catch (UnsupportedVersionException e) {
            return true;
        }
    }

    private static Message fromJson(String type, short version, JsonNode content) {
        try {
            return (Message) Class.forName(type + "JsonConverter")
                .getMethod("read", JsonNode.class, short.class)
                .invoke(null, content, version);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " version " + version + ": " + content, e);
        }
    }

    private static Message fromBytes(String type, short version, ByteBuffer bytes) {
        try {
            Message message = (Message) Class.forName(type).getConstructor().newInstance();
            message.read(new ByteBufferAccessor(bytes.duplicate()), version);
            return message;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " version " + version, e);
        }
    }
}
