/**
 * What is wrong with the configs of an internal topic that is there, in sentences: whatever may lose data that the
 * topic is to keep. Measured by the configs it would have been created with, as `InternalTopicManager.validate` does.
 */
export function topicFlaws(
  wanted: ReadonlyMap<string, string>,
  actual: (config: string) => string | undefined,
): string[] {
  const wantedPolicy = policies(wanted.get("cleanup.policy"));
  const policy = policies(actual("cleanup.policy"));
  const flaws = [...policy]
    .filter((one) => !wantedPolicy.has(one))
    .map((one) => `its cleanup.policy contains "${one}", so that it may lose what it is to keep`);
  if (wantedPolicy.has("delete") && policy.has("delete")) {
    flaws.push(...retentionFlaws(wanted, actual));
  }
  const wantedLag = wanted.get("min.compaction.lag.ms");
  const lag = actual("min.compaction.lag.ms");
  if (wantedLag !== undefined && lag !== undefined && Number(lag) < Number(wantedLag)) {
    flaws.push(`its min.compaction.lag.ms is ${lag} but should be ${wantedLag} or larger`);
  }
  return flaws;
}

function retentionFlaws(
  wanted: ReadonlyMap<string, string>,
  actual: (config: string) => string | undefined,
): string[] {
  const flaws: string[] = [];
  const wantedRetention = wanted.get("retention.ms");
  const retention = actual("retention.ms");
  if (wantedRetention !== undefined && endless(retention) < endless(wantedRetention)) {
    const least = wantedRetention === "-1" ? "-1" : `${wantedRetention} or larger`;
    flaws.push(`its retention.ms is ${retention} but should be ${least}`);
  }
  if (endless(actual("retention.bytes")) < endless(wanted.get("retention.bytes"))) {
    flaws.push("its retention.bytes is set, so that it may lose what it is to keep");
  }
  return flaws;
}

/** A limit as a number, of which −1 and nothing at all mean that there is none. */
function endless(value: string | undefined): number {
  return value === undefined || value === "-1" ? Number.POSITIVE_INFINITY : Number(value);
}

function policies(value: string | undefined): ReadonlySet<string> {
  return new Set(
    (value ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  );
}
