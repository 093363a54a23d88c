import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeClientQuotas, type RequestOf } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

/** The filter's components, each of which looks at one kind of entity. */
type Components = RequestOf<typeof DescribeClientQuotas>["components"];

const matchesExactly = 0;
const matchesDefault = 1;
const matchesAny = 2;

/**
 * DescribeClientQuotas 0 and 1. The broker keeps no quotas, so that it finds none; it answers since
 * `kafka-configs` asks for quotas and SCRAM credentials of users together.
 */
export const describeClientQuotas = handler(
  DescribeClientQuotas,
  ({ components }, context) => {
    if (!context.isAllowed("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not see the quotas of clients";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    check(components);
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, entries: [] };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, entries: null }),
);

/** Refuses what Kafka's `ClientQuotasImage` does. */
function check(components: Components): void {
  const types = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === "") refuse("a component names no type of entity");
    if (types.has(entityType)) refuse(`${entityType} appears more than once`);
    if (!["ip", "user", "client-id"].includes(entityType)) {
      refuse(`${entityType} is no type of entity`, "UNSUPPORTED_VERSION");
    }
    if (![matchesExactly, matchesDefault, matchesAny].includes(matchType)) {
      refuse(`${matchType} is no way to match`);
    }
    if ((matchType === matchesExactly) !== (match !== null)) {
      refuse(`what ${entityType} has to be goes with an exact match, and only with that`);
    }
    types.add(entityType);
  }
  if (types.has("ip") && types.size > 1) refuse("ip goes with no other type of entity");
}

function refuse(why: string, code: BrokerErrorCode = "INVALID_REQUEST"): never {
  throw new BrokerError(code, `the filter of quotas cannot be: ${why}`);
}
