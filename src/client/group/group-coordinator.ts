import { brokerErrorCode } from "../../broker-error-code.ts";
import { ConnectionError } from "../../errors.ts";
import type { Api } from "../../protocol/index.ts";
import type { Cluster, RequestOptions } from "../cluster.ts";
import { refusal } from "../refusal.ts";

/**
 * The broker that coordinates a group, wherever it is at present. Each call is one try: a failure
 * that shows that the coordinator has moved makes the next try look for it.
 */
export class GroupCoordinator {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly #lane: string;

  constructor(cluster: Cluster, groupId: string, lane: string) {
    this.cluster = cluster;
    this.groupId = groupId;
    this.#lane = lane;
  }

  /** Sends one request; `lane` names another lane beside the group's own, for what the broker holds back. */
  async request<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    body: RequestIn | ((version: number) => RequestIn),
    { lane, ...options }: RequestOptions = {},
  ): Promise<Response> {
    const { requestTimeoutMs } = this.cluster.settings;
    const timeoutMs = Math.min(options.timeoutMs ?? requestTimeoutMs, requestTimeoutMs);
    const { signal } = options;
    const target = await this.cluster.coordinator("group", this.groupId, { timeoutMs, signal });
    const ownLane = lane === undefined ? this.#lane : `${this.#lane}-${lane}`;
    try {
      return await this.cluster.request(target, api, body, { ...options, lane: ownLane });
    } catch (error) {
      if (error instanceof ConnectionError) this.#forget();
      throw error;
    }
  }

  /** Throws when an answer's error number says that the attempt failed. */
  check(errorNumber: number, attempt: string, detail?: string | null): void {
    if (errorNumber === 0) return;
    const code = brokerErrorCode(errorNumber);
    const isElsewhere = code === "NOT_COORDINATOR" || code === "COORDINATOR_NOT_AVAILABLE";
    if (isElsewhere || code === "REQUEST_TIMED_OUT") this.#forget();
    throw refusal(errorNumber, attempt, detail);
  }

  /** Ends the connections of the group's lane and of those beside it. */
  close(...lanes: string[]): void {
    this.cluster.closeLane(this.#lane);
    for (const lane of lanes) this.cluster.closeLane(`${this.#lane}-${lane}`);
  }

  #forget(): void {
    this.cluster.forgetCoordinator("group", this.groupId);
  }
}
