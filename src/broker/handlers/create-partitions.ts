import { BrokerError } from "../../errors.ts";
import { CreatePartitions } from "../../protocol/index.ts";
import { handler } from "./handler.ts";
import { outcomeOf } from "./outcome.ts";
import { repeated } from "./repeated.ts";

/** CreatePartitions 0 to 3. */
export const createPartitions = handler(
  CreatePartitions,
  ({ topics, validateOnly }, context, { controller }) => {
    const duplicates = repeated(topics.map(({ name }) => name));
    const firsts = new Map(topics.map((topic) => [topic.name, topic]));
    const grow = ({ name, count, assignments }: (typeof topics)[number]) => ({
      name,
      ...outcomeOf(() => {
        if (duplicates.has(name)) {
          throw new BrokerError("INVALID_REQUEST", "Duplicate topic name.");
        }
        if (!context.isAllowed("ALTER", "TOPIC", name)) {
          throw new BrokerError("TOPIC_AUTHORIZATION_FAILED", "Authorization failed.");
        }
        const brokerIds = assignments?.map((assignment) => assignment.brokerIds) ?? null;
        controller.createPartitions({ topic: name, count, assignments: brokerIds }, validateOnly);
      }),
    });
    const results = controller.inOneStep(() => Array.from(firsts.values(), grow));
    return { throttleTimeMs: 0, results };
  },
  [0, 3],
  (errorCode, { topics }) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name }) => ({ name, errorCode })),
  }),
);
