export {
  BrokerError,
  ConnectionError,
  type ConnectionErrorCode,
  DecodeError,
  type DecodeErrorCode,
  type ErrorCode,
  MillraceError,
  type MillraceErrorCode,
  TopologyError,
  type TopologyErrorCode,
} from "./errors.ts";
export * from "./streams/index.ts";
