export {
  BrokerError,
  ConnectionError,
  type ConnectionErrorCode,
  DecodeError,
  type DecodeErrorCode,
  type ErrorCode,
  MillraceError,
  type MillraceErrorCode,
} from "./errors.ts";
