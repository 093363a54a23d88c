package millrace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.Uuid;

/** Invents the content of messages, in the form that Kafka's JSON converters read. */
final class Filler {
    /** How full a message is to be. */
    enum Style {
        /** Zeros, empty arrays, null wherever it may be, no tagged fields. */
        MINIMAL(1),
        /** Small values, one element in each array, nothing null, all tagged fields. */
        TYPICAL(1),
        /** Any values, two elements in each array, some nulls, some tagged fields, text beyond ASCII. */
        RICH(3),
        /** The limits of integers, long texts. */
        EXTREME(2);

        /** How many messages of the style are made of each version. */
        final int rounds;

        Style(int rounds) {
            this.rounds = rounds;
        }
    }

    private static final String[] WORDS = {"orders", "billing-1", "", "consumer", "größe", "流れ", "🌊 mill", "a"};
    private static final int[] LENGTHS = {0, 1, 7, 126, 127, 128, 200};
    private static final long MAX_SAFE = (1L << 53) - 1;

    private final Schema schema;
    private final int version;
    private final Style style;
    private final Random random;

    Filler(Schema schema, int version, Style style, long seed) {
        this.schema = schema;
        this.version = version;
        this.style = style;
        this.random = new Random(seed);
    }

    JsonNode message() {
        return struct(schema.fields);
    }

    private ObjectNode struct(List<Schema.Field> fields) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        for (Schema.Field field : fields) {
            if (!field.isIn(version)) continue;
            if (field.tagged && leavesOutTagged()) continue;
            node.set(field.name, value(field));
        }
        return node;
    }

    private boolean leavesOutTagged() {
        return switch (style) {
            case MINIMAL -> true;
            case TYPICAL -> false;
            case RICH, EXTREME -> random.nextBoolean();
        };
    }

    private JsonNode value(Schema.Field field) {
        if (field.mayBeNull(version) && isNull()) return NullNode.instance;
        if (!field.array) return item(field.item);
        ArrayNode items = JsonNodeFactory.instance.arrayNode();
        int count = switch (style) {
            case MINIMAL -> 0;
            case TYPICAL, EXTREME -> 1;
            case RICH -> 2;
        };
        for (int index = 0; index < count; index++) items.add(item(field.item));
        return items;
    }

    private boolean isNull() {
        return switch (style) {
            case MINIMAL -> true;
            case TYPICAL -> false;
            case RICH, EXTREME -> random.nextInt(4) == 0;
        };
    }

    private JsonNode item(String type) {
        return switch (type) {
            case "bool" -> BooleanNode.valueOf(style != Style.MINIMAL && random.nextBoolean());
            case "int8" -> IntNode.valueOf((int) integer(Byte.MIN_VALUE, Byte.MAX_VALUE));
            case "int16" -> IntNode.valueOf((int) integer(Short.MIN_VALUE, Short.MAX_VALUE));
            case "uint16" -> IntNode.valueOf((int) integer(0, 0xffff));
            case "int32" -> IntNode.valueOf((int) integer(Integer.MIN_VALUE, Integer.MAX_VALUE));
            case "uint32" -> LongNode.valueOf(integer(0, 0xffffffffL));
            case "int64" -> LongNode.valueOf(int64());
            case "float64" -> DoubleNode.valueOf(integer(-MAX_SAFE, MAX_SAFE) / 8.0);
            case "string" -> TextNode.valueOf(text());
            case "uuid" -> TextNode.valueOf(uuid().toString());
            case "bytes", "records" -> BinaryNode.valueOf(bytes());
            default -> struct(schema.struct(type));
        };
    }

    private long integer(long least, long greatest) {
        return switch (style) {
            case MINIMAL -> 0;
            case TYPICAL -> 1 + random.nextInt(9);
            case RICH -> least + (long) (random.nextDouble() * (greatest - least));
            case EXTREME -> random.nextBoolean() ? least : greatest;
        };
    }

    private long int64() {
        if (style != Style.EXTREME) return integer(-MAX_SAFE, MAX_SAFE);
        return switch (random.nextInt(4)) {
            case 0 -> Long.MIN_VALUE;
            case 1 -> Long.MAX_VALUE;
            case 2 -> -MAX_SAFE;
            default -> MAX_SAFE;
        };
    }

    private String text() {
        return switch (style) {
            case MINIMAL -> "";
            case TYPICAL -> WORDS[0];
            case RICH -> WORDS[random.nextInt(WORDS.length)];
            case EXTREME -> "x".repeat(LENGTHS[random.nextInt(LENGTHS.length)]);
        };
    }

    private byte[] bytes() {
        byte[] result = new byte[switch (style) {
            case MINIMAL -> 0;
            case TYPICAL -> 3;
            case RICH -> random.nextInt(16);
            case EXTREME -> LENGTHS[random.nextInt(LENGTHS.length)];
        }];
        if (style == Style.RICH) random.nextBytes(result);
        return result;
    }

    private Uuid uuid() {
        return switch (style) {
            case MINIMAL -> Uuid.ZERO_UUID;
            case TYPICAL -> new Uuid(1, 2);
            case RICH -> new Uuid(random.nextLong(), random.nextLong());
            case EXTREME -> new Uuid(-1, -1);
        };
    }
}
