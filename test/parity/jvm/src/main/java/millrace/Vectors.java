package millrace;

import java.io.IOException;
import java.nio.file.Path;

/** Writes all vectors anew; the only argument is the root of the repository. */
public final class Vectors {
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        MessageVectors.write(root.resolve("test/protocol/vectors.jsonl.gz"));
        BatchVectors.write(root.resolve("src/protocol/record-batch.vectors.json"));
        AssignorVectors.write(root.resolve("src/client/group/assignors/assignors.vectors.json"));
        SerdeVectors.write(root.resolve("src/streams/serdes.vectors.json"));
    }
}
