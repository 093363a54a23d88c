/** What a `.properties` file of Kafka's holds, before it becomes text. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

/** Writes properties as the text of a `.properties` file. */
export function formatProperties(properties: Properties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${String(value).replaceAll("\\", "\\\\")}\n`)
    .join("");
}
