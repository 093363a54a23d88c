package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs the topologies of parity cases on a cluster, with Kafka's own Streams library. Commands come as JSON, one a line:
 * {@code {"start": name, "topology": [...], "settings": {...}}} and {@code {"stop": name}}; each change of an
 * application's state is printed as {@code {"app": name, "state": "RUNNING"}}, what stops it with {@code "error"}.
 * Ends with its input.
 */
public final class Applications {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Map<String, KafkaStreams> running = new ConcurrentHashMap<>();

  public static void main(String[] arguments) throws IOException {
    Applications all = new Applications();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) all.obey(JSON.readTree(line));
    Runtime.getRuntime().halt(0);
  }

  private void obey(JsonNode command) {
    String name = command.path("start").asText(command.path("stop").asText());
    new Thread(() -> {
      try {
        if (command.has("start")) start(name, command);
        else stop(name);
      } catch (RuntimeException failed) {
        tell(name, "error", trace(failed));
      }
    }).start();
  }

  private void start(String name, JsonNode command) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    command.get("settings").fields().forEachRemaining(one -> settings.put(one.getKey(), one.getValue().asText()));
    var topology = new CaseTopology(command.get("topology"), settings).build(settings);
    KafkaStreams streams = new KafkaStreams(topology, settings);
    streams.setStateListener((state, before) -> tell(name, "state", state.name()));
    streams.setUncaughtExceptionHandler(
        error -> {
          tell(name, "error", trace(error));
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    running.put(name, streams);
    streams.start();
  }

  /** Else the group would keep the member until its session is over. */
  private void stop(String name) {
    CloseOptions options =
        CloseOptions.timeout(PATIENCE).withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    boolean isClosed = running.remove(name).close(options);
    tell(name, isClosed ? "state" : "error", isClosed ? "CLOSED" : "the application did not close in time");
  }

  private static String trace(Throwable error) {
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static synchronized void tell(String name, String field, String value) {
    ObjectNode event = JSON.createObjectNode().put("app", name).put(field, value);
    System.out.println(event);
  }
}
