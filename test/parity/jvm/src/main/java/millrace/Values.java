package millrace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.POJONode;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * What Kafka's Java objects hold after decoding, with every field that any version has: so the
 * defaults of those that the version lacks are seen too. Bytes are hex, UUIDs have their usual form.
 */
final class Values {
    private Values() {
    }

    static ObjectNode of(Object message, Schema schema) {
        return struct(message, schema.fields, schema);
    }

    private static ObjectNode struct(Object object, List<Schema.Field> fields, Schema schema) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        for (Schema.Field field : fields) {
            node.set(field.name, value(get(object, field.name), field.item, schema));
        }
        return node;
    }

    static Object get(Object object, String field) {
        try {
            return object.getClass().getMethod(field).invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode value(Object value, String type, Schema schema) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (value == null) return nodes.nullNode();
        if (value instanceof Collection<?> items) {
            ArrayNode array = nodes.arrayNode();
            for (Object item : items) array.add(value(item, type, schema));
            return array;
        }
        if (value instanceof Uuid id) {
            return nodes.textNode(
                new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits()).toString());
        }
        if (value instanceof byte[] bytes) return nodes.textNode(hex(ByteBuffer.wrap(bytes)));
        if (value instanceof ByteBuffer bytes) return nodes.textNode(hex(bytes));
        if (value instanceof MemoryRecords records) return nodes.textNode(hex(records.buffer()));
        List<Schema.Field> fields = schema.struct(type);
        return fields == null ? new POJONode(value) : struct(value, fields, schema);
    }

    static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
