package millrace;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The definition of one message, as kafka-clients carries it: which fields there are in which of a
 * range of versions. Fields that only older versions had are left out.
 */
final class Schema {
    private static final ObjectMapper MAPPER =
        new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);

    final List<Field> fields;
    private final int oldest;
    private final int newest;
    private final Map<String, List<Field>> structs = new HashMap<>();

    Schema(String message, int oldest, int newest) {
        this.oldest = oldest;
        this.newest = newest;
        JsonNode root;
        try (var source = Schema.class.getResourceAsStream("/common/message/" + message + ".json")) {
            root = MAPPER.readTree(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (JsonNode struct : root.path("commonStructs")) {
            structs.put(struct.get("name").asText(), fieldsOf(struct.get("fields")));
        }
        fields = fieldsOf(root.get("fields"));
    }

    private List<Field> fieldsOf(JsonNode nodes) {
        List<Field> result = new ArrayList<>();
        for (JsonNode node : nodes) {
            Field field = new Field(node);
            if (IntStream.rangeClosed(oldest, newest).noneMatch(field::isIn)) continue;
            if (node.has("fields")) structs.put(field.item, fieldsOf(node.get("fields")));
            result.add(field);
        }
        return result;
    }

    /** The fields of a struct; null if the type is a primitive one. */
    List<Field> struct(String type) {
        return structs.get(type);
    }

    /** The newest version that has a field. */
    int newestWith(Field field) {
        return IntStream.rangeClosed(oldest, newest).filter(field::isIn).max().orElseThrow();
    }

    /** One field: `item` is the type of the elements of an array, and the type itself otherwise. */
    static final class Field {
        final String name;
        final boolean array;
        final String item;
        final boolean tagged;
        private final String versions;
        private final String nullable;

        private Field(JsonNode node) {
            String written = node.get("name").asText();
            String type = node.get("type").asText();
            name = Character.toLowerCase(written.charAt(0)) + written.substring(1);
            array = type.startsWith("[]");
            item = array ? type.substring(2) : type;
            tagged = node.has("tag");
            versions = node.get("versions").asText();
            nullable = node.path("nullableVersions").asText("none");
        }

        boolean isIn(int version) {
            return contains(versions, version);
        }

        boolean mayBeNull(int version) {
            return contains(nullable, version);
        }

        /** Whether a range such as "3", "0-7" or "8+" has the version. */
        private static boolean contains(String range, int version) {
            if (range.equals("none")) return false;
            if (range.endsWith("+")) return version >= Integer.parseInt(range.substring(0, range.length() - 1));
            String[] ends = range.split("-");
            return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
        }
    }
}
