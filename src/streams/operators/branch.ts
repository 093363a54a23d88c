import type { Step } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Predicate } from "./stateless.ts";

/** One way out of a branch: the first whose predicate is true is taken; undefined takes the rest. */
export interface Way<K, V> {
  readonly child: string;
  readonly when: Predicate<K, V> | undefined;
}

/** Hands each message to one child at most. The ways may still grow until the topology is built. */
export function branch<K, V>(ways: readonly Way<K, V>[]): Operator<K, V, K, V> {
  return (context) => {
    const choices = ways.flatMap(({ child, when }) =>
      when ? [{ when, forward: context.forwardTo(child) }] : [],
    );
    const rest = ways.find(({ when }) => when === undefined);
    const otherwise: Step<K, V> | undefined = rest && context.forwardTo(rest.child);
    return {
      process(message) {
        for (const { when, forward } of choices) {
          if (when(message.value, message.key)) {
            forward(message);
            return;
          }
        }
        otherwise?.(message);
      },
    };
  };
}
