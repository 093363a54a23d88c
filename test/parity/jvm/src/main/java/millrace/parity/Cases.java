package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Runs parity cases on Kafka's own Streams library: reads a file of cases, one JSON object a line, and
 * writes them with the JVM's answers. With a third argument "check" it compares with the answers that
 * are there, and fails where one differs.
 */
public final class Cases {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws IOException {
    boolean checks = arguments.length > 2 && arguments[2].equals("check");
    int agreed = 0;
    int count = 0;
    try (BufferedReader in = reader(arguments[0]);
        Writer out = writer(arguments[1])) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.isBlank()) continue;
        ObjectNode one = (ObjectNode) JSON.readTree(line);
        JsonNode recorded = one.get("answer");
        ObjectNode answer = new CaseRun(one).answer();
        count += 1;
        if (checks && !same(recorded, answer)) {
          System.out.println("differs: " + one.get("name").asText());
          System.out.println("  recorded " + recorded);
          System.out.println("  now      " + answer);
        } else {
          agreed += 1;
        }
        one.set("answer", answer);
        out.write(JSON.writeValueAsString(one));
        out.write('\n');
      }
    }
    System.out.println(agreed + " of " + count + (checks ? " agree" : " recorded"));
    System.exit(agreed == count ? 0 : 1);
  }

  /** Messages are for people; of a case that fails, only the kind of failure counts. */
  private static boolean same(JsonNode recorded, ObjectNode answer) throws IOException {
    if (!recorded.path("error").isNull() && !recorded.path("error").isMissingNode()) {
      return recorded.get("error").equals(answer.get("error"));
    }
    ObjectNode copy = recorded.deepCopy();
    copy.remove("message");
    // As text and back, so that an int and a long of one value are the same.
    return copy.equals(JSON.readTree(JSON.writeValueAsString(answer)));
  }

  private static BufferedReader reader(String path) throws IOException {
    InputStream file = new FileInputStream(path);
    InputStream plain = path.endsWith(".gz") ? new GZIPInputStream(file) : file;
    return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
  }

  private static Writer writer(String path) throws IOException {
    OutputStream file = new FileOutputStream(path);
    OutputStream packed = path.endsWith(".gz") ? new GZIPOutputStream(file) : file;
    return new OutputStreamWriter(packed, StandardCharsets.UTF_8);
  }
}
