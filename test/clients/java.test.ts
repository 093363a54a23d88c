import { suiteOf } from "./foreign-client.ts";
import { javaProgram, javaToolChain } from "./java-program.ts";

suiteOf({
  name: "Java's kafka-clients",
  toolChain: javaToolChain,
  prepare: () => javaProgram("millrace.Scenarios"),
  scenarios: {
    records:
      "records come back as they went, in each compression, and where the broker writes its own",
    "group-classic": "members of a classic group share partitions, commit and resume",
    "group-consumer": "members of a consumer group (KIP-848) share partitions, commit and resume",
    transactions:
      "transactions are seen whole or not at all, with offsets, and fence who was there before",
    admin: "topics, settings, offsets, users and the cluster are administered",
  },
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
