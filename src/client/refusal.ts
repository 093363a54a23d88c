import { type BrokerErrorCode, brokerErrorCode } from "../broker-error-code.ts";
import { BrokerError } from "../errors.ts";

/** What a person should look at, for the errors that users meet most. */
const advice: { readonly [code in BrokerErrorCode]?: string } = {
  UNKNOWN_TOPIC_OR_PARTITION: "the topic or partition does not exist: create it, or check its name",
  TOPIC_AUTHORIZATION_FAILED: "the user has no permission on the topic: ask for an ACL",
  GROUP_AUTHORIZATION_FAILED: "the user has no permission on the group: ask for an ACL",
  CLUSTER_AUTHORIZATION_FAILED: "the user has no permission on the cluster: ask for an ACL",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    "the user has no permission on the transactional id: ask for an ACL",
  MESSAGE_TOO_LARGE:
    "the record is larger than the topic's max.message.bytes: raise that, or send smaller records",
  RECORD_LIST_TOO_LARGE: "the batch is larger than the broker's segment: lower batchSize",
  NOT_ENOUGH_REPLICAS:
    "fewer replicas are in sync than min.insync.replicas: look for brokers that are down",
  NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    "fewer replicas are in sync than min.insync.replicas: look for brokers that are down",
  PRODUCER_FENCED: "another producer with the same transactionalId has taken over: close this one",
  INVALID_PRODUCER_EPOCH:
    "another producer with the same transactionalId has taken over: close this one",
  FENCED_INSTANCE_ID: "another member with the same groupInstanceId has joined: give each its own",
  UNKNOWN_MEMBER_ID:
    "the group has dropped this member, most often after it was silent for too long",
  ILLEGAL_GENERATION: "the group has rebalanced in the meantime",
  INVALID_REPLICATION_FACTOR: "there are fewer brokers than replicas asked for",
  TOPIC_ALREADY_EXISTS: "the topic is there already",
  INVALID_TIMESTAMP: "the record's timestamp is too far from the broker's time",
  INVALID_TRANSACTION_TIMEOUT:
    "transactionTimeoutMs is above the broker's transaction.max.timeout.ms",
  UNSUPPORTED_COMPRESSION_TYPE: "the broker does not know this compression",
  INVALID_RECORD: "the broker refused the record: a compacted topic needs a key",
  INCONSISTENT_GROUP_PROTOCOL:
    "the group's members use another protocol or no assignor in common with this one",
  NON_EMPTY_GROUP: "the group still has members: stop them first",
  GROUP_ID_NOT_FOUND: "there is no such group: check its name, or start a member of it",
  GROUP_SUBSCRIBED_TO_TOPIC: "members of the group still read the topic: stop them first",
  TRANSACTIONAL_ID_NOT_FOUND: "no producer has used this transactional id of late: check it",
  UNKNOWN_TOPIC_ID: "there is no topic with this id: it may have been deleted",
  BROKER_NOT_AVAILABLE:
    "the broker is not part of the cluster at present: check its id, or start it",
};

/** The error for an answer's error number; `attempt` says what was tried, on what. */
export function refusal(
  errorNumber: number,
  attempt: string,
  detail?: string | null | undefined,
): BrokerError {
  const code = brokerErrorCode(errorNumber);
  const parts = [detail, advice[code]].filter((part) => part);
  const reason = parts.length > 0 ? `: ${parts.join("; ")}` : "";
  return new BrokerError(code, `${attempt} failed with ${code}${reason}`);
}

/** Throws when an answer's error number says that the attempt failed. */
export function throwIfRefused(
  errorNumber: number,
  attempt: string,
  detail?: string | null | undefined,
): void {
  if (errorNumber !== 0) throw refusal(errorNumber, attempt, detail);
}
