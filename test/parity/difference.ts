import type { AnsweredRecord, Case, CaseAnswer } from "./case.ts";

/** Says in a few lines where an answer differs from the recorded one; undefined where it agrees. */
export function difference({ answer: recorded }: Case, given: CaseAnswer): string | undefined {
  // Of a case that fails, only the kind of failure counts.
  if (recorded.error) {
    return recorded.error === given.error
      ? undefined
      : `error: recorded ${recorded.error}, given ${given.error ?? "none"}${because(given)}`;
  }
  if (given.error) return `error: recorded none, given ${given.error}${because(given)}`;
  return (
    textDifference(recorded.describe ?? "", given.describe ?? "") ??
    outputDifference(recorded.output ?? [], given.output ?? []) ??
    storeDifference(recorded.stores ?? {}, given.stores ?? {})
  );
}

function because({ message }: CaseAnswer): string {
  return message === undefined ? "" : ` (${message})`;
}

function textDifference(recorded: string, given: string): string | undefined {
  if (recorded === given) return undefined;
  const ours = given.split("\n");
  const lines = recorded.split("\n");
  const at = lines.findIndex((line, index) => line !== ours[index]);
  const line = at < 0 ? lines.length : at;
  return `describe, line ${line + 1}:\n    recorded ${lines[line]}\n    given    ${ours[line]}`;
}

function outputDifference(
  recorded: readonly AnsweredRecord[],
  given: readonly AnsweredRecord[],
): string | undefined {
  const length = Math.max(recorded.length, given.length);
  for (let index = 0; index < length; index += 1) {
    const [theirs, ours] = [JSON.stringify(recorded[index]), JSON.stringify(given[index])];
    if (theirs === ours) continue;
    return `output, record ${index + 1} (${recorded.length} recorded, ${given.length} given):\n    recorded ${theirs}\n    given    ${ours}`;
  }
  return undefined;
}

function storeDifference(
  recorded: NonNullable<CaseAnswer["stores"]>,
  given: NonNullable<CaseAnswer["stores"]>,
): string | undefined {
  for (const name of Object.keys(recorded)) {
    const [theirs, ours] = [JSON.stringify(recorded[name]), JSON.stringify(given[name])];
    if (theirs === ours) continue;
    return `store ${name}:\n    recorded ${theirs}\n    given    ${ours}`;
  }
  return undefined;
}
