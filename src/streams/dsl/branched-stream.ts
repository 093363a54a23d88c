import { TopologyError } from "../../errors.ts";
import { callback } from "../callback.ts";
import { checkName } from "../name.ts";
import { branch, type Way } from "../operators/branch.ts";
import { type Predicate, passThrough } from "../operators/stateless.ts";
import type { KStream } from "./kstream.ts";

/**
 * What becomes of a branch: `with` makes another stream of it, which takes its place in the result;
 * `consume` uses it up, and it is not in the result.
 */
export interface BranchOptions<K, V> {
  /** Comes behind the name of the split; the branch's number by default, 0 for the default branch. */
  readonly name?: string | undefined;
  readonly with?: ((branch: KStream<K, V>) => KStream<K, V>) | undefined;
  readonly consume?: ((branch: KStream<K, V>) => void) | undefined;
}

/**
 * A stream on its way into branches (KIP-418). Each record goes to the first branch whose predicate is
 * true for it, else to the default branch if there is one, else nowhere.
 */
export class BranchedStream<K, V> {
  readonly #source: KStream<K, V>;
  readonly #splitter: KStream<K, V>;
  readonly #ways: Way<K, V>[] = [];
  readonly #branches = new Map<string, KStream<K, V>>();
  #count = 0;

  /** Made by {@link KStream.split}. */
  constructor(source: KStream<K, V>, name: string | undefined) {
    this.#source = source;
    this.#splitter = source.append("KSTREAM-BRANCH-", name, branch(this.#ways), source.place);
  }

  /** Adds a branch for the records that the predicate is true for. */
  branch(when: Predicate<K, V>, options: BranchOptions<K, V> = {}): this {
    callback(when, "branch");
    this.#count += 1;
    this.#add(when, this.#count, options);
    return this;
  }

  /** Takes the remaining records into a branch of their own, and gives all branches by their names. */
  defaultBranch(options: BranchOptions<K, V> = {}): Map<string, KStream<K, V>> {
    this.#add(undefined, 0, options);
    return this.#branches;
  }

  /** Drops the remaining records, and gives all branches by their names. */
  noDefaultBranch(): Map<string, KStream<K, V>> {
    return this.#branches;
  }

  #add(when: Predicate<K, V> | undefined, number: number, options: BranchOptions<K, V>): void {
    if (options.with && options.consume) {
      const message = "a branch has either `with` or `consume`, not both";
      throw new TopologyError("INVALID_TOPOLOGY", message);
    }
    const child = `${this.#splitter.place.name}${checkName(options.name) ?? number}`;
    this.#ways.push({ child, when });
    const stream = this.#splitter.append("", child, passThrough<K, V>(), this.#source.place);
    if (options.with) this.#branches.set(child, options.with(stream));
    else if (options.consume) options.consume(stream);
    else this.#branches.set(child, stream);
  }
}
