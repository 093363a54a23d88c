import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeClientQuotas } from "../../protocol/index.ts";
import type { QuotaBinding } from "../metadata/cluster-image.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof DescribeClientQuotas.request.decode>;
type Component = Request["components"][number];

const matchesExactly = 0;
const matchesDefault = 1;
const matchesAny = 2;

/**
 * DescribeClientQuotas 0 and 1. The broker limits nobody and takes no quotas, but keeps those that an
 * Apache Kafka had before it. `kafka-configs` asks for them whenever it describes users.
 */
export const describeClientQuotas = handler(
  DescribeClientQuotas,
  ({ components, strict }, context, { controller }) => {
    if (!context.isAllowed("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not see the quotas of clients";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    check(components);
    const found = new Map<string, { entity: QuotaBinding["entity"]; values: QuotaValue[] }>();
    for (const { entity, key, value } of controller.image.quotas) {
      if (!isMeant(entity, components, strict)) continue;
      const name = JSON.stringify(entity);
      const entry = found.get(name) ?? { entity, values: [] };
      entry.values.push({ key, value });
      found.set(name, entry);
    }
    const entries = Array.from(found.values(), ({ entity, values }) => ({
      entity: [...entity],
      values,
    }));
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, entries };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, entries: null }),
);

interface QuotaValue {
  readonly key: string;
  readonly value: number;
}

function isMeant(
  entity: QuotaBinding["entity"],
  components: readonly Component[],
  isStrict: boolean,
): boolean {
  if (isStrict && entity.length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) =>
    entity.some(
      (one) =>
        one.entityType === entityType && (matchType === matchesAny || one.entityName === match),
    ),
  );
}

/** Refuses what Kafka's `ClientQuotasImage` does. */
function check(components: readonly Component[]): void {
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
