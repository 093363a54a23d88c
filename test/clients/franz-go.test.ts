import { suiteOf } from "./foreign-client.ts";
import { goProgram, goToolChain } from "./go-program.ts";

suiteOf({
  name: "franz-go",
  toolChain: goToolChain,
  prepare: () => goProgram("franz"),
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
