import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Artifacts } from "./artifacts.ts";
import type { ClusterSettings, NodePlan } from "./cluster-plan.ts";

const logging = `-Dlog4j2.configurationFile=${join(import.meta.dirname, "log4j2.xml")}`;

// Those of Kafka's own start script, so that what is measured here is what people run.
const serverFlags = [
  "-server",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-XX:InitiatingHeapOccupancyPercent=35",
  "-XX:+ExplicitGCInvokesConcurrent",
  "-XX:MaxInlineLevel=15",
  "-Djava.awt.headless=true",
  "-Dkafka.log.level=INFO",
];

// A tool runs for a second or two: it starts a third sooner without the optimizing compiler.
// Its standard output is its own: warnings of the JVM go elsewhere.
const toolFlags = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Xlog:disable",
  "-Xlog:all=warning:stderr",
];

/** Arguments of `java` that run a node, marked as one of its cluster. */
export function serverArguments(
  artifacts: Artifacts,
  mark: string,
  { heap = "1g", classArchive = true, jvmFlags = [] }: ClusterSettings,
  { propertiesFile }: NodePlan,
): string[] {
  const archive = classArchive ? archiveFlags(artifacts) : [];
  const flags = [mark, `-Xmx${heap}`, ...serverFlags, logging, ...archive, ...jvmFlags];
  return [...flags, "-cp", artifacts.classpath, "kafka.Kafka", propertiesFile];
}

/** Arguments of `java` that run one of Kafka's command-line tools, given by its class. */
export function toolArguments(
  artifacts: Artifacts,
  mark: string,
  className: string,
  args: readonly string[],
): string[] {
  const flags = [mark, ...toolFlags, logging, ...archiveFlags(artifacts)];
  return [...flags, "-cp", artifacts.classpath, className, ...args];
}

function archiveFlags({ classArchive }: Artifacts): string[] {
  return existsSync(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : [];
}
