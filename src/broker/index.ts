export type { ErrorCode, MillraceErrorCode } from "../errors.ts";
export { BrokerError, MillraceError } from "../errors.ts";
export { consoleLogger, type Logger, silentLogger } from "../log.ts";
export type { ServerTlsOptions } from "../network.ts";
export { Broker } from "./broker.ts";
export {
  type BrokerHost,
  type BrokerOptions,
  type ListenerOptions,
  systemBrokerHost,
} from "./broker-options.ts";
