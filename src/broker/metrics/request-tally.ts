import type { Message } from "../../protocol/index.ts";
import { errorFinder } from "./answer-errors.ts";
import { DurationHistogram } from "./duration-histogram.ts";

/** What is counted of the requests of one API. */
export class RequestTally {
  /** The API's name. */
  readonly api: string;
  /** Requests that were read, those that have no answer too. */
  count = 0;
  /** From when a request was read to when its answer was ready; where it waits (Fetch, JoinGroup), the wait too. */
  readonly durations = new DurationHistogram();
  /** How often each error was answered, by Kafka's number; there are as many as there are numbers at most. */
  readonly errors = new Map<number, number>();
  readonly #findErrors: ReturnType<typeof errorFinder>;
  readonly #found = (code: number): void => {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  };

  constructor({ name, response }: CountedApi) {
    this.api = name;
    this.#findErrors = errorFinder(response);
  }

  /** Notes an answer: how long it took, and each error in it, so that a request may have several. */
  answered(ms: number, answer: unknown): void {
    this.durations.record(ms);
    this.#findErrors(answer, this.#found);
  }
}

/** What of an API matters here. */
export interface CountedApi {
  readonly name: string;
  readonly response: Pick<Message<unknown, unknown>, "type">;
}
