import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "./foreign-client.ts";

const directory = join(import.meta.dirname, "jvm");

/** What must be there for programs on the JVM. */
export const javaToolChain = [
  ["java", "-version"],
  ["mvn", "-version"],
] as const;

/** Compiles the programs of a Maven project, that under `jvm` by default, and gives the command that runs one. */
export async function javaProgram(className: string, project = directory): Promise<string[]> {
  const flags = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  const classpath = compiled.get(project) ?? compile(project);
  compiled.set(project, classpath);
  return ["java", ...flags, "-cp", await classpath, className];
}

const compiled = new Map<string, Promise<string>>();

/** Gives the class path, once for all suites of a process. */
async function compile(project: string): Promise<string> {
  const list = join(project, "target/classpath.txt");
  const goals = ["compile", "dependency:build-classpath"];
  const options = [`-Dmdep.outputFile=${list}`, "-Dmdep.includeScope=runtime"];
  await run(["mvn", "-q", "-B", "-f", project, ...goals, ...options], 170_000);
  return [join(project, "target/classes"), await readFile(list, "utf8")].join(delimiter);
}
