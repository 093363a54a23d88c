import { Broker } from "../src/broker/broker.ts";
import type { BrokerOptions } from "../src/broker/broker-options.ts";
import { consoleLogger } from "../src/log.ts";

/** What a {@link BrokerProcess} is told once the broker in it serves, or could not start. */
export type BrokerReport =
  | { readonly clusterId: string; readonly ports: { readonly [listener: string]: number } }
  | { readonly failure: string };

/** What the broker's process holds of the machine's memory, in bytes. */
export interface MemoryReport {
  readonly resident: number;
  /** The most that it has held so far. */
  readonly peak: number;
}

/** A program that is a broker: it gets its options from its parent, and stops in order when asked or left alone. */
process.once("message", async (options: BrokerOptions) => {
  const report = (message: BrokerReport) => void process.send?.(message);
  try {
    const broker = await Broker.start({ ...options, logger: consoleLogger });
    const end = async () => {
      await broker.close();
      process.exit();
    };
    process.on("message", () => {
      const peak = process.resourceUsage().maxRSS * 1024;
      const memory: MemoryReport = { resident: process.memoryUsage.rss(), peak };
      process.send?.(memory);
    });
    process.once("SIGTERM", end);
    process.once("disconnect", end);
    const names = (options.listeners ?? []).map(({ name = "PLAINTEXT" }) => name);
    const ports = [...new Set(["PLAINTEXT", ...names])].flatMap((name) => {
      const port = broker.port(name);
      return port === undefined ? [] : [[name, port] as const];
    });
    report({ clusterId: broker.clusterId, ports: Object.fromEntries(ports) });
  } catch (error) {
    report({ failure: (error as Error).stack ?? String(error) });
    process.disconnect();
  }
});
