package millrace;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** The fields that one version of a message lacks and another has: a value in them would get lost. */
final class Losses {
    private final Schema schema;
    private final int version;
    private final List<Loss> found = new ArrayList<>();

    private Losses(Schema schema, int version) {
        this.schema = schema;
        this.version = version;
    }

    static List<Loss> of(Schema schema, int version) {
        Losses losses = new Losses(schema, version);
        losses.find(schema.fields, List.of());
        return losses.found;
    }

    private void find(List<Schema.Field> fields, List<Schema.Field> parents) {
        for (Schema.Field field : fields) {
            List<Schema.Field> inner = schema.struct(field.item);
            if (!field.isIn(version)) found.add(new Loss(parents, field));
            else if (inner != null) find(inner, Stream.concat(parents.stream(), Stream.of(field)).toList());
        }
    }

    /** One such field, and the structs and arrays on the way to it. */
    record Loss(List<Schema.Field> parents, Schema.Field field) {
        /** Where the field is in the first element of each array, as a JSON pointer. */
        String pointer() {
            StringBuilder text = new StringBuilder();
            for (Schema.Field parent : parents) text.append('/').append(parent.name).append(parent.array ? "/0" : "");
            return text.append('/').append(field.name).toString();
        }

        /** Sets the field in one message to what it is in another, which must have one element at least in each array. */
        void copy(Object from, Object to) {
            Object target = parentIn(to);
            String setter = "set" + Character.toUpperCase(field.name.charAt(0)) + field.name.substring(1);
            try {
                Object value = Values.get(parentIn(from), field.name);
                for (Method method : target.getClass().getMethods()) {
                    if (method.getName().equals(setter)) method.invoke(target, value);
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(pointer(), e);
            }
        }

        private Object parentIn(Object message) {
            Object object = message;
            for (Schema.Field parent : parents) {
                object = Values.get(object, parent.name);
                if (object instanceof Collection<?> items) object = items.iterator().next();
            }
            return object;
        }
    }
}
