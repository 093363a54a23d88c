import { MillraceError } from "../../errors.ts";

/** What a setting is, as far as the types of JavaScript tell; numbers are looked at where their defaults are. */
export type SettingKind = "text" | "flag" | "number" | "function" | "object" | "addresses" | "tls";

/** All settings that there are. */
export type SettingKinds = { readonly [setting: string]: SettingKind };

/** Throws INVALID_ARGUMENT for a setting that there is not, and for one of the wrong type. */
export function checkConfig(config: object, kinds: SettingKinds): void {
  if (typeof config !== "object" || config === null) {
    const message = "an application needs a config with its applicationId and bootstrapServers";
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  for (const [setting, value] of Object.entries(config)) {
    const kind = kinds[setting];
    if (kind === undefined) throw new MillraceError("INVALID_ARGUMENT", unknown(setting, kinds));
    if (value === undefined || fits(kind, value)) continue;
    const message = `${setting} must be ${wanted[kind]}, not ${found(value)}`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
}

const wanted: { readonly [kind in SettingKind]: string } = {
  text: "text",
  flag: "true or false",
  number: "a number",
  function: "a function",
  object: "an object",
  addresses: 'text such as "localhost:9092", or a list of such',
  tls: "true, false or an object",
};

function fits(kind: SettingKind, value: unknown): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "object":
      return typeof value === "object" && value !== null;
    case "addresses":
      return typeof value === "string" || Array.isArray(value);
    case "tls":
      return fits("flag", value) || fits("object", value);
    case "number":
    case "function":
      return typeof value === kind;
    default:
      return kind satisfies never;
  }
}

function found(value: unknown): string {
  if (typeof value === "function") return "a function: call it, if it makes what is wanted";
  return JSON.stringify(value);
}

/** Kafka's own names lead to ours, and so do names that differ in their capitals or their unit. */
function unknown(setting: string, kinds: SettingKinds): string {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z]|ms$/g, "");
  const meant = Object.keys(kinds).find((known) => plain(known) === plain(setting));
  const advice = meant === undefined ? "settings of your own go into `configs`" : `write ${meant}`;
  return `there is no setting ${setting}: ${advice}`;
}
