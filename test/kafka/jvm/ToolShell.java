import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools one after the other in one JVM, as `tool-shell.ts` asks. On standard input
 * come the tool's class, what it is to read, and its arguments: a count, then each as its length and UTF-8;
 * on standard output go back the exit status, and what the tool printed on either stream.
 */
public final class ToolShell {
    private static final class Exited extends Error {
        private static final long serialVersionUID = 1L;

        Exited() {
            super("the tool has ended", null, false, false);
        }
    }

    private static final PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    /** What a tool leaves for the end of its JVM, such as sending what it still has. */
    private static final List<Runnable> hooks = new ArrayList<>();
    private static Integer status;

    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        Exit.setExitProcedure(ToolShell::end);
        Exit.setHaltProcedure(ToolShell::end);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        for (List<String> command = read(in); command != null; command = read(in)) {
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            ByteArrayOutputStream complained = new ByteArrayOutputStream();
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            System.setIn(new ByteArrayInputStream(command.get(1).getBytes(StandardCharsets.UTF_8)));
            status = null;
            run(command.get(0), command.subList(2, command.size()).toArray(new String[0]));
            out.writeInt(status == null ? 0 : status);
            write(out, printed);
            write(out, complained);
            out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static void run(String className, String[] arguments) throws Exception {
        try {
            Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof Exited) return;
            thrown.getCause().printStackTrace();
            if (status == null) status = 1;
        } finally {
            for (Runnable hook : hooks) hook.run();
            hooks.clear();
        }
    }

    /** The first end counts: a tool that takes it for a failure says so and ends a second time. */
    private static void end(int code, String message) {
        if (status == null) {
            status = code;
            if (message != null) System.err.println(message);
            System.setOut(nowhere);
            System.setErr(nowhere);
        }
        throw new Exited();
    }

    private static List<String> read(DataInputStream in) throws IOException {
        try {
            List<String> parts = new ArrayList<>();
            for (int count = in.readInt(); count > 0; count -= 1) {
                parts.add(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
            }
            return parts;
        } catch (EOFException end) {
            return null;
        }
    }

    private static void write(DataOutputStream out, ByteArrayOutputStream text) throws IOException {
        out.writeInt(text.size());
        text.writeTo(out);
    }
}
