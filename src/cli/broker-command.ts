import { Broker, type BrokerOptions, MillraceError } from "../broker/index.ts";
import type { Logger } from "../log.ts";

/** The status that the process is to end with. */
export type ExitStatus = number;

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type EndSignal = (typeof endSignals)[number];
const signalNumbers: { readonly [signal in EndSignal]: number } = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
};

/** What the system says where an address cannot be had, and what to do about it. */
const addressProblems: { readonly [code: string]: string } = {
  EADDRINUSE: "another program listens there: stop it, or choose another port",
  EACCES: "the system does not allow it: ports below 1024 need special rights",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "no such name is known",
};

/**
 * Runs a broker until a signal asks it to stop: says on standard output, in one line, where it
 * answers. Ends the process with 0 once it has stopped in order; resolves with 1 where it could not
 * start, and with 2 where its options cannot be. A second signal ends the process at once.
 */
export async function runBroker(options: BrokerOptions, logger: Logger): Promise<ExitStatus> {
  // From here on, so that a signal during a long start is kept rather than taken for a crash.
  const stop = untilSignal();
  let broker: Broker;
  try {
    broker = await Broker.start({ ...options, logger });
  } catch (error) {
    console.error(`millrace: ${problem(error)}`);
    return error instanceof MillraceError && error.code === "INVALID_ARGUMENT" ? 2 : 1;
  }
  console.log(greeting(broker, options));
  const signal = await stop;
  logger.info({ signal }, "stopping after a signal");
  await broker.close();
  // All is safe: nothing that may still be under way is worth waiting for.
  process.exit(0);
}

function untilSignal(): Promise<EndSignal> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of endSignals) {
      process.on(signal, () => {
        if (isStopping) process.exit(128 + signalNumbers[signal]);
        isStopping = true;
        resolve(signal);
      });
    }
  });
}

function greeting(broker: Broker, { listeners = [], dataDir }: BrokerOptions): string {
  const places = listeners.map(({ name, protocol, host = "127.0.0.1" }) => {
    const label = name ?? protocol ?? "PLAINTEXT";
    return `${host.includes(":") ? `[${host}]` : host}:${broker.port(label)} (${label})`;
  });
  const kept = dataDir === undefined ? "data in memory" : `data in ${dataDir}`;
  const { metricsPort } = broker;
  const metrics = metricsPort === undefined ? "" : `, metrics on port ${metricsPort}`;
  return `millrace broker ready on ${places.join(", ")}, ${kept}${metrics}`;
}

function problem(error: unknown): string {
  const { code, address, port, message } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
  };
  const reason = addressProblems[code ?? ""];
  if (reason === undefined) return message;
  return `cannot listen on ${address ?? ""}${port === undefined ? "" : `:${port}`}: ${reason} (${code})`;
}
