import { AlterConfigs } from "../../protocol/index.ts";
import { alterEach, refuseNulls } from "./config-alteration.ts";
import { handler } from "./handler.ts";

/** AlterConfigs 0 to 2. */
export const alterConfigs = handler(
  AlterConfigs,
  ({ resources, validateOnly }, context, { controller }) => ({
    throttleTimeMs: 0,
    responses: alterEach(resources, context, controller, (target, { configs }) => {
      refuseNulls(configs);
      const values = new Map(configs.map(({ name, value }) => [name, value ?? ""]));
      controller.replaceConfigs(target, values, validateOnly);
    }),
  }),
  [0, 2],
  (errorCode, { resources }) => ({
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType, resourceName }) => {
      return { errorCode, errorMessage: null, resourceType, resourceName };
    }),
  }),
);
