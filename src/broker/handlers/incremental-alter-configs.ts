import { BrokerError } from "../../errors.ts";
import { IncrementalAlterConfigs } from "../../protocol/index.ts";
import type { ConfigChange, ConfigOperation } from "../metadata/config-control.ts";
import { resourceType } from "../metadata/effective-configs.ts";
import { alterEach, refuseNulls } from "./config-alteration.ts";
import { handler } from "./handler.ts";

/** By `AlterConfigOp.OpType`'s ids. */
const operations: readonly ConfigOperation[] = ["set", "delete", "append", "subtract"];
const deletion = 1;

/** IncrementalAlterConfigs 0 and 1. There are no loggers whose levels could be set one by one. */
export const incrementalAlterConfigs = handler(
  IncrementalAlterConfigs,
  ({ resources, validateOnly }, context, { controller }) => ({
    throttleTimeMs: 0,
    responses: alterEach(resources, context, controller, (target, { configs }) => {
      refuseNulls(configs.filter(({ configOperation }) => configOperation !== deletion));
      const [logger] = configs;
      if (target.type === resourceType.brokerLogger && logger !== undefined) {
        throw new BrokerError("INVALID_CONFIG", `Logger ${logger.name} does not exist!`);
      }
      controller.changeConfigs(target, configs.map(changeOf), validateOnly);
    }),
  }),
  [0, 1],
  (errorCode, { resources }) => ({
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType: type, resourceName }) => {
      return { errorCode, errorMessage: null, resourceType: type, resourceName };
    }),
  }),
);

function changeOf({
  name,
  configOperation,
  value,
}: {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}): ConfigChange {
  const operation = operations[configOperation];
  if (operation === undefined) {
    throw new BrokerError("INVALID_REQUEST", `Unknown operations type ${configOperation}`);
  }
  return { name, operation, value: value ?? "" };
}
