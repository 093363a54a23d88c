import { api } from "../api.ts";
import { boolean, bytes, int8, int16, int32, uuid } from "../wire-type.ts";

/** A client hands in its metrics, in OpenTelemetry's format (KIP-714). */
export const PushTelemetry = api({
  key: 72,
  name: "PushTelemetry",
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: boolean,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
  },
});
