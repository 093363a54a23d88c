import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Locks a file as Kafka's FileLock does, says whether it could, and keeps the lock until its input ends. */
final class TryLock {
    public static void main(String[] arguments) throws Exception {
        Path path = Path.of(arguments[0]);
        StandardOpenOption[] options = {
            StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE
        };
        try (FileChannel channel = FileChannel.open(path, options)) {
            System.out.println(channel.tryLock() == null ? "taken" : "locked");
            while (System.in.read() >= 0) { }
        }
    }
}
