import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type Api, DeleteTopics, zeroUuid } from "../../protocol/index.ts";
import type { Controller } from "../metadata/controller.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";
import { repeated } from "./repeated.ts";

type Request = ReturnType<typeof DeleteTopics.request.decode>;
type Response =
  typeof DeleteTopics extends Api<infer _Q, infer _QI, infer _S, infer In> ? In : never;
type Answer = Response["responses"][number];

/** A topic as a request names it: by its name or by its id. */
interface Wanted {
  readonly name: string | null;
  readonly topicId: string;
}

/** DeleteTopics 1 to 6. Answers come in the order of the request, where Kafka shuffles them. */
export const deleteTopics = handler(
  DeleteTopics,
  (request, context, { controller }) => {
    if (controller.brokerConfig("delete.topic.enable") !== "true") {
      const code = context.apiVersion < 3 ? "INVALID_REQUEST" : "TOPIC_DELETION_DISABLED";
      throw new BrokerError(code, "topics cannot be deleted: delete.topic.enable is false");
    }
    const doomed = new Set<string>();
    const responses = namedOnce(request).map((wanted) =>
      sortOut(wanted, context, controller, doomed),
    );
    controller.deleteTopics([...doomed]);
    return { throttleTimeMs: 0, responses };
  },
  [1, 6],
  (errorCode, request) => ({
    throttleTimeMs: 0,
    responses: wantedTopics(request).map(({ name, topicId }) => ({ name, topicId, errorCode })),
  }),
);

function wantedTopics({ topics, topicNames }: Request): Wanted[] {
  return [...topicNames.map((name) => ({ name, topicId: zeroUuid })), ...topics];
}

/** What is named twice is answered once, with an error. */
function namedOnce(request: Request): (Wanted & { readonly isRepeated: boolean })[] {
  const keyOf = ({ name, topicId }: Wanted) => JSON.stringify([name, topicId]);
  const all = wantedTopics(request);
  const duplicates = repeated(all.map(keyOf));
  return Array.from(new Map(all.map((wanted) => [keyOf(wanted), wanted])), ([key, wanted]) => {
    const isRepeated = duplicates.has(key);
    return { name: wanted.name, topicId: wanted.topicId, isRepeated };
  });
}

/** Answers for one topic, and notes its id where it is to be deleted. */
function sortOut(
  { name, topicId, isRepeated }: Wanted & { readonly isRepeated: boolean },
  context: RequestContext,
  { image }: Controller,
  doomed: Set<string>,
): Answer {
  const refuse = (error: BrokerErrorCode, errorMessage: string | null = null) => {
    return { name, topicId, errorCode: brokerErrorNumber(error), errorMessage };
  };
  const isById = topicId !== zeroUuid;
  if (isById && name !== null) {
    return refuse("INVALID_REQUEST", "You may not specify both topic name and topic id.");
  }
  if (!isById && name === null) {
    return refuse("INVALID_REQUEST", "Neither topic name nor id were specified.");
  }
  if (isRepeated) {
    return refuse("INVALID_REQUEST", `Duplicate topic ${isById ? "id" : "name"}.`);
  }
  const topic = isById ? image.topicsById.get(topicId) : image.topics.get(name ?? "");
  const known = topic?.name ?? name;
  if (known === null) return refuse("UNKNOWN_TOPIC_ID");
  const isAllowed = (operation: "DESCRIBE" | "DELETE") =>
    context.isAllowed("DELETE", "CLUSTER", "kafka-cluster") ||
    context.isAllowed(operation, "TOPIC", known);
  if (!isAllowed("DESCRIBE")) return refuse("TOPIC_AUTHORIZATION_FAILED");
  if (topic === undefined) return refuse("UNKNOWN_TOPIC_OR_PARTITION");
  if (!isAllowed("DELETE")) return { ...refuse("TOPIC_AUTHORIZATION_FAILED"), name: topic.name };
  if (doomed.has(topic.id)) {
    const message = "The provided topic name maps to an ID that was already supplied.";
    return { ...refuse("INVALID_REQUEST", message), topicId: topic.id };
  }
  doomed.add(topic.id);
  return { name: topic.name, topicId: topic.id, errorCode: 0, errorMessage: null };
}
