import { MillraceError } from "../../errors.ts";
import { ConsumerGroupHeartbeat } from "../../protocol/index.ts";
import type { ConsumerAnswer, ConsumerRequest, HeartbeatBody } from "./consumer-protocol.ts";
import type { GroupCoordinator } from "./group-coordinator.ts";

/** Carries a consumer group member's requests out and brings what came of them; failures too are answers. */
export class ConsumerExchange {
  readonly #coordinator: GroupCoordinator;
  readonly #sessionTimeoutMs: number;

  constructor(coordinator: GroupCoordinator, sessionTimeoutMs: number) {
    this.#coordinator = coordinator;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  async carryOut(request: ConsumerRequest): Promise<ConsumerAnswer> {
    if (request.ask === "leave") return this.#leave(request.body);
    const { life, body } = request;
    try {
      const { memberEpoch, heartbeatIntervalMs, assignment } = await this.#send(body);
      const told = assignment?.topicPartitions ?? null;
      return { type: "heard", life, memberEpoch, heartbeatIntervalMs, assignment: told };
    } catch (error) {
      return { type: "not-heard", life, error: explained(error as Error) };
    }
  }

  async #leave(body: HeartbeatBody): Promise<ConsumerAnswer> {
    try {
      await this.#send(body);
    } catch (error) {
      // The session ends by itself: others just have to wait for that.
      const { cluster, groupId } = this.#coordinator;
      const { memberId } = body;
      cluster.logger.warn({ groupId, memberId, error }, "the member could not say that it leaves");
    }
    return { type: "left" };
  }

  async #send(body: HeartbeatBody) {
    const { groupId, cluster } = this.#coordinator;
    // A coordinator that hangs must leave time to find another within the session.
    const timeoutMs = Math.min(cluster.settings.requestTimeoutMs, this.#sessionTimeoutMs / 3);
    const message = { groupId, ...body };
    const answer = await this.#coordinator.request(ConsumerGroupHeartbeat, message, { timeoutMs });
    const attempt = `the heartbeat to group ${groupId}`;
    this.#coordinator.check(answer.errorCode, attempt, answer.errorMessage);
    return answer;
  }
}

function explained(error: Error): Error {
  if (!(error instanceof MillraceError) || error.code !== "UNSUPPORTED_VERSION") return error;
  const text = `the cluster does not serve groups of the consumer protocol (KIP-848): use groupProtocol "classic", or upgrade it to Kafka 4`;
  return new MillraceError("UNSUPPORTED_VERSION", text, { cause: error });
}
