import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const pom = join(import.meta.dirname, "pom.xml");

/** Where the tool keeps what it makes: `.kafka` at the root of the repository, which git ignores. */
export const cacheDirectory: string = join(import.meta.dirname, "../../.kafka");

/** What running Kafka takes: a Java runtime and the jars of Kafka 4.3.1. */
export interface Artifacts {
  /** Path or name of the `java` executable. */
  readonly java: string;
  /** Jars of the broker, the command-line tools and what they need, joined for `java -cp`. */
  readonly classpath: string;
  /** The JVM's archive of the classes in these very jars; the file may not exist (yet). */
  readonly classArchive: string;
}

/**
 * Finds Java, and the jars through Maven, which downloads them on first use. The class path is
 * cached in `.kafka/classpath-<hash of the pom>.txt` and used as long as each of its jars exists.
 * Throws a sentence that says what to install when Java or Maven is missing.
 */
export async function resolveArtifacts(): Promise<Artifacts> {
  const { java, version } = await findJava();
  const cache = join(cacheDirectory, `classpath-${hashOf(await readFile(pom, "utf8"))}.txt`);
  if (!(await isUsable(cache))) await askMaven(cache);
  const classpath = await readFile(cache, "utf8");
  // Java refuses an archive that another version made, or from jars of another time.
  const times = classpath.split(delimiter).map((jar) => statSync(jar).mtimeMs);
  const archiveKey = hashOf([java, version, classpath, ...times].join());
  return { java, classpath, classArchive: join(cacheDirectory, `classes-${archiveKey}.jsa`) };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

async function findJava(): Promise<{ java: string; version: string }> {
  const home = process.env.JAVA_HOME;
  const inHome = home === undefined ? undefined : join(home, "bin", "java");
  const java = inHome !== undefined && existsSync(inHome) ? inHome : "java";
  const advice =
    "Install a Java runtime, version 17 or later (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17), and put it on PATH or into JAVA_HOME.";
  const { stderr } = await run(java, ["-version"]).catch((cause: unknown) => {
    throw new Error(`Kafka runs on Java, and no working \`java\` was found. ${advice}`, { cause });
  });
  const [, version = "", major] = /version "((?:1\.)?(\d+)[^"]*)"/.exec(stderr) ?? [];
  if (Number(major) >= 17) return { java, version };
  throw new Error(`Kafka 4.3.1 needs Java 17, and ${java} is version ${version}. ${advice}`);
}

async function isUsable(cache: string): Promise<boolean> {
  if (!existsSync(cache)) return false;
  const jars = (await readFile(cache, "utf8")).split(delimiter);
  const needed = ["kafka_2.13-", "kafka-tools-", "kafka-clients-", "log4j-slf4j-impl-"];
  return needed.every((name) => jars.some((jar) => jar.includes(name))) && jars.every(existsSync);
}

async function askMaven(cache: string): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true });
  // Under a name of its own until complete: two test files may come here at once.
  const draft = `${cache}.${randomUUID()}`;
  const goal = "dependency:build-classpath";
  const options = [`-Dmdep.outputFile=${draft}`, "-Dmdep.includeScope=runtime"];
  await run("mvn", ["-q", "-B", "-f", pom, goal, ...options]).catch(explainMaven);
  await rename(draft, cache);
  if (await isUsable(cache)) return;
  throw new Error(`Maven listed jars of Kafka that do not exist; see ${cache}, then delete it.`);
}

function explainMaven(cause: Error & { code?: unknown; stdout?: string }): never {
  const message =
    cause.code === "ENOENT"
      ? "Kafka's jars come through Maven, and no `mvn` was found. Install Maven, version 3.8 or later (Debian: apt-get install maven; macOS: brew install maven)."
      : `Maven could not get Kafka's jars:\n${cause.stdout?.slice(0, 2000) ?? cause.message}`;
  throw new Error(message, { cause });
}
