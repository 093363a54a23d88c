import { suiteOf, usualScenarios } from "./foreign-client.ts";
import { javaProgram, javaToolChain } from "./java-program.ts";

suiteOf({
  name: "Java's kafka-clients",
  toolChain: javaToolChain,
  prepare: () => javaProgram("millrace.Scenarios"),
  scenarios: usualScenarios,
});

suiteOf({
  name: "Java's Kafka Streams",
  toolChain: javaToolChain,
  prepare: () => javaProgram("millrace.WordCount"),
  scenarios: {
    classic: "words are counted exactly once while a member of a classic group comes and goes",
    streams:
      "words are counted exactly once while a member of a streams group (KIP-1071) comes and goes",
  },
});
