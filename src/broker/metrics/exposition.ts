/** What a metric is: a count that only grows, a value of the moment, or durations in buckets. */
export type MetricType = "counter" | "gauge" | "histogram";

/** What tells the samples of a metric apart; values are any text. */
export type Labels = { readonly [name: string]: string | number };

/** What scrapers are told the text is. */
export const expositionContentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Text in the format that Prometheus reads (version 0.0.4): metrics one after the other, each with its
 * help and type, then its samples. A metric without samples is left out.
 */
export class Exposition {
  readonly #lines: string[] = [];

  /** Adds a metric with the samples that `write` gives to `sample`; a suffix is for histograms. */
  metric(
    name: string,
    { type, help }: { readonly type: MetricType; readonly help: string },
    write: (sample: (labels: Labels, value: number, suffix?: string) => void) => void,
  ): void {
    const header = this.#lines.length;
    this.#lines.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    write((labels, value, suffix = "") => {
      this.#lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}\n`);
    });
    if (this.#lines.length === header + 1) this.#lines.length = header;
  }

  toString(): string {
    return this.#lines.join("");
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Names of groups and users may have any character in them. */
function escaped(value: string | number): string {
  return String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
