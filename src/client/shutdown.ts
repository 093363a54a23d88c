import { systemClock } from "../clock.ts";
import { type Logger, silentLogger } from "../log.ts";

/** The signals by which a program is asked to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

const endSignals: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
const signalNumbers: { readonly [signal in EndSignal]: number } = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/**
 * Ends a program cleanly: at the first of the signals closes what it is given, in order (a consumer
 * commits its offsets and leaves its group, a producer drains), then ends the process with 128 plus
 * the signal's number, as shells expect. A second signal, or a close that takes longer than
 * `timeoutMs` (30,000 by default), ends the process at once. Disposing takes the handlers away.
 *
 * ```ts
 * using _ = closeOnSignal([consumer, producer]);
 * ```
 */
export function closeOnSignal(
  closeables: readonly { close(): Promise<unknown> }[],
  {
    signals = endSignals,
    timeoutMs = 30_000,
    logger = silentLogger,
  }: {
    readonly signals?: readonly EndSignal[] | undefined;
    readonly timeoutMs?: number | undefined;
    readonly logger?: Logger | undefined;
  } = {},
): Disposable {
  let isClosing = false;
  const onSignal = async (signal: NodeJS.Signals) => {
    const status = 128 + signalNumbers[signal as EndSignal];
    if (isClosing) process.exit(status);
    isClosing = true;
    logger.info({ signal }, "closing after a signal");
    systemClock.after(timeoutMs, () => {
      logger.error({ signal, timeoutMs }, "closing took too long; ending without it");
      process.exit(status);
    });
    for (const closeable of closeables) {
      await closeable.close().catch((error: unknown) => {
        logger.error({ signal, error: String(error) }, "could not close cleanly");
      });
    }
    process.exit(status);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
