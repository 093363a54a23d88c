package millrace.parity;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** Builds a topology that a case describes node by node, by the Processor API. Keys and values are strings. */
final class ProcessorTopology {
  private final CaseTopology plan;
  private final Topology topology = new Topology();
  private final Deserializer<Object> reads = Type.STRING.serde().deserializer();
  private final Serializer<Object> writes = Type.STRING.serde().serializer();

  ProcessorTopology(CaseTopology plan) {
    this.plan = plan;
  }

  static boolean describes(JsonNode operators) {
    return operators.path(0).path("op").asText().equals("addSource");
  }

  Topology build(JsonNode operators) {
    for (JsonNode one : operators) add(one);
    return topology;
  }

  private void add(JsonNode one) {
    String name = one.path("name").asText();
    String topic = one.path("topic").asText();
    switch (one.get("op").asText()) {
      case "addSource" -> {
        TimestampExtractor extractor = one.has("extractor") ? CaseTopology.extractor(one) : null;
        String[] topics = texts(one.get("topics"));
        for (String each : topics) reads(each);
        topology.addSource((AutoOffsetReset) null, name, extractor, reads, reads, topics);
      }
      case "addProcessor" -> topology.addProcessor(name, Processors.supplier(one, true), texts(one.get("parents")));
      case "addSink" -> {
        plan.outputKeys.put(topic, Type.STRING);
        plan.outputValues.put(topic, Type.STRING);
        topology.addSink(name, topic, writes, writes, texts(one.get("parents")));
      }
      case "addStateStore" -> {
        plan.noteKeyValue(one);
        topology.addStateStore(Processors.store(one), texts(one.path("processors")));
      }
      case "connect" -> topology.connectProcessorAndStateStores(name, texts(one.get("stores")));
      case "addReadOnlyStateStore" -> {
        reads(topic);
        plan.noteKeyValue(one);
        var store = Processors.store(one).withLoggingDisabled();
        topology.addReadOnlyStateStore(
            store, name + "-source", reads, reads, topic, name, Processors.filler(one.get("store").asText()));
      }
      default -> {
        reads(topic);
        plan.noteKeyValue(one);
        var store = Processors.store(one).withLoggingDisabled();
        topology.addGlobalStore(
            store, name + "-source", reads, reads, topic, name, Processors.filler(one.get("store").asText()));
      }
    }
  }

  private void reads(String topic) {
    plan.inputKeys.put(topic, Type.STRING);
    plan.inputValues.put(topic, Type.STRING);
  }

  private static String[] texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    for (JsonNode one : list) texts.add(one.asText());
    return texts.toArray(new String[0]);
  }
}
