import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { BrokerError } from "../../../errors.ts";

/** Says whether a whole topic name fits a regular expression. */
export type TopicPattern = (topicName: string) => boolean;

// Loaded when the first group asks for it: most brokers never see a regular expression, and all start faster.
const require = createRequire(import.meta.url);
let engine: typeof RE2JS | undefined;

/**
 * Compiles a regular expression in RE2's syntax, in which every expression takes time in proportion to
 * the text, so that a hostile one does no harm. Throws INVALID_REGULAR_EXPRESSION.
 */
export function topicPattern(regex: string): TopicPattern {
  engine ??= (require("re2js") as { readonly RE2JS: typeof RE2JS }).RE2JS;
  try {
    const compiled = engine.compile(regex);
    return (topicName) => compiled.matches(topicName);
  } catch (cause) {
    const message = `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${reason(cause)}.`;
    throw new BrokerError("INVALID_REGULAR_EXPRESSION", message, { cause });
  }
}

/** RE2's own words for what is wrong, without the expression. */
function reason(error: unknown): string {
  const { getDescription } = error as { getDescription?: () => string };
  return getDescription?.call(error) ?? String(error);
}
