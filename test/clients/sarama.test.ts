import { suiteOf } from "./foreign-client.ts";
import { goProgram, goToolChain } from "./go-program.ts";

suiteOf({
  name: "sarama",
  toolChain: goToolChain,
  prepare: () => goProgram("sarama"),
  scenarios: {
    records:
      "records come back as they went, with the versions of requests that sarama uses by default",
    "records-newest": "records come back as they went, with the newest versions",
    group: "members of a group that rebalances eagerly share partitions, commit and resume",
    "group-cooperative":
      "members of a group that rebalances cooperatively share partitions, commit and resume",
    transactions: "transactions of the older flow are seen whole or not at all",
    "transactions-next": "transactions are seen whole or not at all, with the newest versions",
    admin: "topics, settings, offsets, users and the cluster are administered",
  },
});
