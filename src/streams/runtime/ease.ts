/** Waits until the producer has room, as `pressure` says, or the signal aborts. */
export async function ease(
  pressure: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!pressure || signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  await Promise.race([pressure, promise]);
  signal?.removeEventListener("abort", onAbort);
}
