import type { Operator } from "../node.ts";
import type { WindowStore } from "../stores/state-store.ts";

/** Hands each message on, and then keeps it for the other side of its join. */
export function joinWindow<K, V>(storeName: string): Operator<K, V, K, V> {
  return (context) => {
    const { forward } = context;
    const store: WindowStore<K, V> = context.store(storeName);
    return {
      process(message) {
        forward(message);
        if (message.key !== null) store.put(message.key, message.value, message.timestamp);
      },
    };
  };
}
