import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, nullableString, string } from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

/**
 * Shows the cluster's id, its controller and its brokers (KIP-700) or, if asked, its controllers
 * (KIP-919); fenced brokers from version 2 on (KIP-1073).
 */
export const DescribeCluster = api({
  key: 60,
  name: "DescribeCluster",
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: boolean,
    endpointType: since(1, int8, 1),
    includeFencedBrokers: since(2, boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    endpointType: since(1, int8, 1),
    clusterId: string,
    controllerId: defaulted(int32, -1),
    brokers: array(
      struct({
        brokerId: int32,
        host: string,
        port: int32,
        rack: defaulted(nullableString, null),
        isFenced: since(2, boolean, false),
      }),
    ),
    clusterAuthorizedOperations: defaulted(int32, operationsNotAsked),
  },
});
