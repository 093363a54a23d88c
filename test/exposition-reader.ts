/** What a broker's metrics say: the samples by name and labels, as `name{label="value"}`. */
export type Samples = ReadonlyMap<string, number>;

const sampleLine = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;

/**
 * Reads Prometheus' text format strictly: every sample belongs to the metric announced last, and no two
 * are the same. Throws on anything else.
 */
export function readExposition(text: string): Samples {
  const samples = new Map<string, number>();
  const seen = new Set<string>();
  let metric = "";
  let type = "";
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  for (const line of text.slice(0, -1).split("\n")) {
    const [, help] = /^# HELP ([a-z_]+) \S/.exec(line) ?? [];
    if (help !== undefined) {
      if (seen.has(help)) throw new Error(`${help} is there twice`);
      seen.add(help);
      metric = help;
      continue;
    }
    const [, typed, kind] = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (kind !== undefined) {
      if (typed !== metric) throw new Error(`the type of ${typed} stands under ${metric}`);
      type = kind;
      continue;
    }
    const [, name, labels = "", value = ""] = sampleLine.exec(line) ?? [];
    const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (name === undefined || !suffixes.some((suffix) => name === metric + suffix)) {
      throw new Error(`this is no sample of ${metric}: ${line}`);
    }
    if (type === "counter" && !name.endsWith("_total")) throw new Error(`${name} counts what?`);
    if (samples.has(name + labels)) throw new Error(`${name}${labels} is there twice`);
    const number = Number(value);
    if (Number.isNaN(number)) throw new Error(`this is no number: ${line}`);
    samples.set(name + labels, number);
  }
  return samples;
}
