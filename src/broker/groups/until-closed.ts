import type { RequestContext } from "../server/request-context.ts";

/** Waits for an answer as long as the connection that it is for is open; undefined means that it no longer is. */
export function untilClosed<Answer>(
  answer: Answer | Promise<Answer>,
  context: Pick<RequestContext, "onClose">,
): Answer | Promise<Answer | undefined> {
  if (!(answer instanceof Promise)) return answer;
  const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
  const callOff = context.onClose(() => resolve(undefined));
  answer.then(resolve, reject).finally(callOff);
  return promise;
}
