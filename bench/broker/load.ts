import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Artifacts } from "../../tools/kafka/artifacts.ts";
import { measure } from "../measure.ts";

const run = promisify(execFile);

/** One job for a broker. */
export interface Job {
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
}

/** A client that puts a broker to work; both ways give the records per second that the client saw. */
export interface Load {
  produce(job: Job, acks: "1" | "all"): Promise<number>;
  consume(job: Job): Promise<number>;
}

/** Kafka's own kafka-producer-perf-test and kafka-consumer-perf-test. */
export function kafkaTools({ java, classpath }: Artifacts): Load {
  const tool = async (name: string, args: readonly string[]) => {
    const command = [...toolFlags, "-cp", classpath, `org.apache.kafka.tools.${name}`, ...args];
    const { stdout } = await run(java, command, { maxBuffer: 1 << 24, timeout: timeoutMs });
    return stdout;
  };
  return {
    async produce({ bootstrapServers, topic, records, recordBytes }, acks) {
      const said = await tool("ProducerPerformance", [
        ...["--bootstrap-server", bootstrapServers, "--topic", topic],
        ...["--num-records", `${records}`, "--record-size", `${recordBytes}`],
        ...["--throughput", "-1", "--command-property", `acks=${acks}`],
      ]);
      const last =
        said
          .trim()
          .split("\n")
          .findLast((line) => line.includes("99.9th")) ?? "";
      return numberIn(/([\d.]+) records\/sec/.exec(last)?.[1], said);
    },
    async consume({ bootstrapServers, topic, records }) {
      const said = await tool("ConsumerPerformance", [
        ...["--bootstrap-server", bootstrapServers, "--topic", topic],
        ...["--num-records", `${records}`, "--timeout", "60000", "--hide-header"],
      ]);
      // The last column: records a second without the time that it took to join the group.
      return numberIn(said.trim().split(",").at(-1), said);
    },
  };
}

/** This project's client; it reads without making an object for each record. */
export const ownClient: Load = {
  async produce({ bootstrapServers, topic, records, recordBytes }, acks) {
    const script = join(engines, "produce-millrace.ts");
    const args = [bootstrapServers, topic, `${records}`, `${recordBytes}`, `acks=${acks}`];
    return rateOf([process.execPath, script, ...args], records);
  },
  async consume({ bootstrapServers, topic, records }) {
    const script = join(engines, "consume-millrace.ts");
    const args = [bootstrapServers, topic, `${records}`, "cursor"];
    return rateOf([process.execPath, script, ...args], records);
  },
};

const engines = join(import.meta.dirname, "..", "client", "engines");
const timeoutMs = 600_000;
/** Those of Kafka's own scripts. */
const toolFlags = ["-Xmx512m", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"];

async function rateOf(command: readonly string[], records: number): Promise<number> {
  const { whole } = await measure(command, { records, timeoutMs });
  return whole.recordsPerSecond;
}

function numberIn(text: string | undefined, said: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`the tool did not say how fast it was:\n${said}`);
  return value;
}
