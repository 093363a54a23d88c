import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "jvm");

/** Builds the JVM's side with Maven, and gives the command that runs one of its classes. */
export function jvmCommand(className: string, heap = "2g"): string[] {
  const classes = join(folder, "target", "classes");
  const classpathFile = join(folder, "target", "classpath.txt");
  const file = join(classes, "millrace", "bench", `${className}.class`);
  if (!existsSync(file) || !existsSync(classpathFile)) {
    const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${classpathFile}`];
    execFileSync("mvn", ["-q", "-f", folder, ...goals], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const classpath = `${classes}:${readFileSync(classpathFile, "utf8").trim()}`;
  return ["java", `-Xmx${heap}`, "-cp", classpath, `millrace.bench.${className}`];
}
