import { setImmediate } from "node:timers/promises";

interface Question<A> {
  readonly asked: unknown;
  readonly answer: PromiseWithResolvers<A>;
}

/** A service outside, whose answers come when the test says so. */
export class AnsweringService<A> {
  /** All that was asked, in this order. */
  readonly asked: unknown[] = [];
  /** How many questions were open at once, at most. */
  mostOpen = 0;
  readonly #open: Question<A>[] = [];

  /** What has not been answered yet. */
  get open(): unknown[] {
    return this.#open.map(({ asked }) => asked);
  }

  ask(asked: unknown): Promise<A> {
    const answer = Promise.withResolvers<A>();
    this.asked.push(asked);
    this.#open.push({ asked, answer });
    this.mostOpen = Math.max(this.mostOpen, this.#open.length);
    return answer.promise;
  }

  /** Answers the oldest open question of these words, and lets everybody hear of it. */
  async answer(asked: unknown, answer: A): Promise<void> {
    this.#take(asked).resolve(answer);
    await setImmediate();
  }

  async fail(asked: unknown, error: Error): Promise<void> {
    this.#take(asked).reject(error);
    await setImmediate();
  }

  #take(asked: unknown): PromiseWithResolvers<A> {
    const index = this.#open.findIndex((question) => question.asked === asked);
    const [question] = index < 0 ? [] : this.#open.splice(index, 1);
    if (!question) throw new Error(`nobody asks ${asked}`);
    return question.answer;
  }
}
