import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "jvm");

/** Builds the JVM's side with Maven where that is due, and gives the command that runs one of its classes. */
export function jvmCommand(className: string, heap = "2g"): string[] {
  const target = join(folder, "target");
  const classpathFile = join(target, "classpath.txt");
  if (!isUpToDate(classpathFile)) {
    const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${classpathFile}`];
    const options = ["-q", "-Dstyle.color=never", "-f", folder];
    execFileSync("mvn", [...options, ...goals], { stdio: ["ignore", "ignore", "inherit"] });
    // Maven leaves the file as it is where the classpath is the same.
    const now = new Date();
    utimesSync(classpathFile, now, now);
  }
  const classpath = `${join(target, "classes")}:${readFileSync(classpathFile, "utf8").trim()}`;
  return ["java", `-Xmx${heap}`, "-cp", classpath, `millrace.bench.${className}`];
}

/** Whether the last thing that a build writes is newer than all that it is made of. */
function isUpToDate(built: string): boolean {
  if (!existsSync(built)) return false;
  const sources = readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" });
  const inputs = [join(folder, "pom.xml"), ...sources.map((path) => join(folder, "src", path))];
  const builtAt = statSync(built).mtimeMs;
  return inputs.every((path) => statSync(path).mtimeMs < builtAt);
}
