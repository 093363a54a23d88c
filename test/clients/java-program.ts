import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "./foreign-client.ts";

const directory = join(import.meta.dirname, "jvm");

/** What must be there for programs on the JVM. */
export const javaToolChain = [
  ["java", "-version"],
  ["mvn", "-version"],
] as const;

/** Compiles the programs under `jvm` with what Maven brings, and gives the command that runs one. */
export async function javaProgram(className: string): Promise<string[]> {
  const flags = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  compiled ??= compile();
  return ["java", ...flags, "-cp", await compiled, className];
}

let compiled: Promise<string> | undefined;

/** Gives the class path, once for all suites of a process. */
async function compile(): Promise<string> {
  const list = join(directory, "target/classpath.txt");
  const goals = ["compile", "dependency:build-classpath"];
  const options = [`-Dmdep.outputFile=${list}`, "-Dmdep.includeScope=runtime"];
  await run(["mvn", "-q", "-B", "-f", directory, ...goals, ...options], 170_000);
  return [join(directory, "target/classes"), await readFile(list, "utf8")].join(delimiter);
}
