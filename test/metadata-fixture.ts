import { Controller, type ControllerOptions } from "../src/broker/metadata/controller.ts";
import type { RequestContext } from "../src/broker/server/request-context.ts";
import type { BrokerServices } from "../src/broker/services.ts";
import { type BrokerErrorCode, brokerErrorNumber } from "../src/broker-error-code.ts";
import { silentLogger } from "../src/log.ts";
import { MemoryDisk } from "../src/memory-disk.ts";
import type { Api } from "../src/protocol/index.ts";
import { Reader, Writer } from "../src/protocol/index.ts";
import { systemRandom } from "../src/random.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Opens the metadata of node 1, on a new disk in memory unless another is given. */
export function openController(
  options: Partial<ControllerOptions> & {
    readonly configs?: readonly (readonly [string, string])[];
  } = {},
): Controller {
  const { configs = [], ...rest } = options;
  return new Controller({
    settings: { nodeId: 1, listeners: [], dataDir: undefined, configs: new Map(configs) },
    disk: new MemoryDisk(),
    directory: "/data",
    clock: new VirtualClock(),
    random: systemRandom,
    logger: silentLogger,
    wasClosedCleanly: true,
    ...rest,
  });
}

/** A topic without wishes. */
export function plainTopic(name: string, numPartitions = 1) {
  return { name, numPartitions, replicationFactor: 1, configs: new Map<string, string>() };
}

/** All that the metadata say, with what tells one start from the next left out. */
export function stateOf({ image }: Controller): unknown[] {
  return [...image.records()].filter(({ name }) => name !== "RegisterBrokerRecord");
}

/** Sends a request through its bytes and a handler, as somebody who may do everything but `denied`. */
export function ask<Request, RequestIn, Response, ResponseIn>(
  api: Api<Request, RequestIn, Response, ResponseIn>,
  handler: { handle(request: never, context: RequestContext, services: BrokerServices): unknown },
  request: RequestIn,
  {
    controller,
    version = api.newestStable,
    denied = [],
  }: {
    readonly controller: Controller;
    readonly version?: number;
    /** As "READ TOPIC orders". */
    readonly denied?: readonly string[];
  },
): Response {
  const writer = new Writer();
  api.request.encode(writer, version, request);
  const decoded = api.request.decode(new Reader(writer.toBuffer()), version);
  const services = {
    controller,
    clusterId: controller.clusterId,
    settings: { nodeId: controller.nodeId },
    logger: silentLogger,
    host: { clock: new VirtualClock() },
    endpoint: () => ({ host: "localhost", port: 9092 }),
  };
  const context = {
    apiVersion: version,
    listenerName: "PLAINTEXT",
    isAllowed: (...access: readonly string[]) => !denied.includes(access.join(" ")),
  };
  const answer = handler.handle(
    decoded as never,
    context as unknown as RequestContext,
    services as unknown as BrokerServices,
  );
  const answered = new Writer();
  api.response.encode(answered, version, answer as ResponseIn);
  return api.response.decode(new Reader(answered.toBuffer()), version);
}

/** The number of an error, by its name. */
export function numberOf(code: BrokerErrorCode): number {
  return brokerErrorNumber(code);
}
