import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

/** One option of a command. */
export interface OptionDefinition {
  /** What stands for its value in the help; a switch has none. */
  readonly value?: string | undefined;
  /** Whether it may be given several times. */
  readonly multiple?: boolean | undefined;
  /** A letter that stands for it. */
  readonly short?: string | undefined;
  readonly help: string;
}

/** The options of a command by their names, in the order of the help. */
export type OptionTable = { readonly [name: string]: OptionDefinition };

/** The options that were given: a switch is "true". Each is a list, so that all are read alike. */
export type GivenOptions<Table extends OptionTable> = {
  readonly [name in keyof Table]: readonly string[];
};

const helpWidth = 34;

/** Reads a command's options. Throws a {@link UsageError} for what the table does not have. */
export function readOptions<const Table extends OptionTable>(
  table: Table,
  args: readonly string[],
): GivenOptions<Table> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? "boolean" : "string", multiple: true, ...(short && { short }) },
    ]),
  ) as { [name: string]: { type: "string" | "boolean"; multiple: true } };
  const given = parsed(args, options);
  const lists = Object.entries(table).map(([name, { multiple }]) => {
    const values = ([given[name] ?? []].flat() as (string | boolean)[]).map(String);
    if (values.length > 1 && !multiple) throw new UsageError(`--${name} is given more than once`);
    return [name, values];
  });
  return Object.fromEntries(lists);
}

/** The lines of the help for a command's options. */
export function optionHelp(table: OptionTable): string {
  const lines = Object.entries(table).map(([name, { value, short, multiple, help }]) => {
    const start = `  ${short === undefined ? "" : `-${short}, `}--${name}`;
    const left = `${start}${value === undefined ? "" : ` <${value}>`}${multiple ? " …" : ""}`;
    const [first, ...more] = help.split("\n");
    const gap =
      left.length < helpWidth ? left.padEnd(helpWidth) : `${left}\n${" ".repeat(helpWidth)}`;
    return [gap + first, ...more.map((line) => " ".repeat(helpWidth) + line)].join("\n");
  });
  return lines.join("\n");
}

function parsed(
  args: readonly string[],
  options: { [name: string]: { type: "string" | "boolean"; multiple: true } },
): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    // What follows Node's first sentence is about arguments that begin with a dash.
    const [sentence = ""] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(sentence);
  }
}
