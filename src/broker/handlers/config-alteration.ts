import { BrokerError } from "../../errors.ts";
import type { ConfigResource } from "../metadata/cluster-image.ts";
import type { Controller } from "../metadata/controller.ts";
import { resourceType } from "../metadata/effective-configs.ts";
import type { RequestContext } from "../server/request-context.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { repeated } from "./repeated.ts";

/** What both requests that alter configs name of a resource. */
export interface AlteredResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

/**
 * Alters the configs of each resource, those that may be, and tells what became of each
 * (`ConfigAdminManager`, `ControllerApis.authorizeAlterResource`).
 */
export function alterEach<R extends AlteredResource>(
  resources: readonly R[],
  context: RequestContext,
  controller: Controller,
  alter: (target: ConfigResource, resource: R) => void,
): (Outcome & Pick<AlteredResource, "resourceType" | "resourceName">)[] {
  const keyOf = ({ resourceType: type, resourceName }: R) => `${type} ${resourceName}`;
  const duplicates = repeated(resources.map(keyOf));
  const alterOne = (resource: R) => {
    const { resourceType: type, resourceName: name } = resource;
    const outcome = outcomeOf(() => {
      if (duplicates.has(keyOf(resource))) {
        throw new BrokerError("INVALID_REQUEST", "Each resource must appear at most once.");
      }
      if (repeated(resource.configs.map((config) => config.name)).size > 0) {
        throw new BrokerError("INVALID_REQUEST", "Error due to duplicate config keys");
      }
      authorize({ type, name }, context);
      alter({ type, name }, resource);
    });
    return { ...outcome, resourceType: type, resourceName: name };
  };
  return controller.inOneStep(() => resources.map(alterOne));
}

/** Throws INVALID_REQUEST where configs that must have a value have none. */
export function refuseNulls(configs: AlteredResource["configs"]): void {
  const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (nulls.length === 0) return;
  const message = `Null value not supported for : ${nulls.join(", ")}`;
  throw new BrokerError("INVALID_REQUEST", message);
}

function authorize({ type, name }: ConfigResource, context: RequestContext): void {
  const isAllowed = (kind: "TOPIC" | "GROUP" | "CLUSTER", resource: string) => {
    if (context.isAllowed("ALTER_CONFIGS", kind, resource)) return;
    throw new BrokerError(`${kind}_AUTHORIZATION_FAILED`, "the configs must not be altered");
  };
  switch (type) {
    case resourceType.topic:
      isAllowed("TOPIC", name);
      break;
    case resourceType.group:
      isAllowed("GROUP", name);
      break;
    case resourceType.broker:
    case resourceType.brokerLogger:
    case resourceType.clientMetrics:
      isAllowed("CLUSTER", "kafka-cluster");
      break;
    default:
      throw new BrokerError("INVALID_REQUEST", `Unknown resource type ${type}`);
  }
}
