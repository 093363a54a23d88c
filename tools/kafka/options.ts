import { parseArgs } from "node:util";
import type { KafkaOptions } from "./kafka.ts";

/** What a command line asks for. */
export interface Command {
  /** `start`, `stop`, `kill`, `status`, or anything else that was said. */
  readonly name: string | undefined;
  /** The nodes named by `--node`. */
  readonly nodeIds: readonly number[];
  readonly options: KafkaOptions;
}

/** How the command is used, as `--help` prints it. */
export const usage = `Apache Kafka 4.3.1 on loopback, from Maven. Needs Java 17 and Maven 3.8.

  npm run kafka -- start [options]      start a cluster; it runs until it is stopped
  npm run kafka -- start --node 2       start a node again that was killed or stopped
  npm run kafka -- status               nodes, pids, addresses, who answers
  npm run kafka -- stop [--node 2]      shut down in order; without --node the cluster is gone
  npm run kafka -- kill [--node 2]      SIGKILL, as a crash would
  npm run kafka -- tool CLASS [args]    run one of Kafka's tools

  --nodes N             1 (default) or 3; each is broker and controller
  --port BASE           PLAINTEXT port of node 1 (default 9092, or any if that is taken)
  --sasl                SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  --tls                 SSL, with an authority and certificates made for the cluster
  --client-auth MODE    none, requested (default) or required: certificates of SSL clients
  --authorizer          check ACLs; super users are admin and whoever comes through PLAINTEXT
  --set KEY=VALUE       any broker property; may be repeated
  --feature NAME=LEVEL  feature level to format with; may be repeated
  --heap SIZE           Java heap of each node (default 1g)
  --data DIR            keep the data there, and use what is there
`;

/** Reads the arguments of `start`, `stop`, `kill` and `status`; throws on one that makes no sense. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      node: { type: "string", multiple: true },
      nodes: { type: "string" },
      port: { type: "string" },
      sasl: { type: "boolean" },
      tls: { type: "boolean" },
      "client-auth": { type: "string" },
      authorizer: { type: "boolean" },
      set: { type: "string", multiple: true },
      feature: { type: "string", multiple: true },
      heap: { type: "string" },
      data: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [name, ...rest] = positionals;
  if (rest.length > 0) throw new Error(`one command at a time: ${positionals.join(", ")}`);
  return {
    name: values.help ? "help" : name,
    nodeIds: (values.node ?? []).map((id) => number("--node", id)),
    options: {
      nodes: values.nodes === undefined ? undefined : number("--nodes", values.nodes),
      port: values.port === undefined ? undefined : number("--port", values.port),
      sasl: values.sasl,
      tls: values.tls,
      clientAuth: clientAuth(values["client-auth"]),
      authorizer: values.authorizer,
      properties: Object.fromEntries((values.set ?? []).map((it) => assignment("--set", it))),
      features: Object.fromEntries(
        (values.feature ?? []).map((it) => {
          const [feature, level] = assignment("--feature", it);
          return [feature, number(feature, level)];
        }),
      ),
      heap: values.heap,
      data: values.data,
    },
  };
}

function number(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${name} wants a number, not ${text}`);
  return Number(text);
}

function assignment(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Error(`${option} wants name=value, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function clientAuth(text: string | undefined): KafkaOptions["clientAuth"] {
  if (text === undefined || text === "none" || text === "requested" || text === "required") {
    return text;
  }
  throw new Error(`--client-auth wants none, requested or required, not ${text}`);
}
