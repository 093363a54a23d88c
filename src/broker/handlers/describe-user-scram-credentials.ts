import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeUserScramCredentials } from "../../protocol/index.ts";
import { scramMechanismIds } from "../metadata/access-image.ts";
import type { ClusterImage } from "../metadata/cluster-image.ts";
import { handler } from "./handler.ts";

/** Version 0. Users that the broker was given at its start are not among them: they are not in the metadata. */
export const describeUserScramCredentials = handler(
  DescribeUserScramCredentials,
  (request, context, { controller }) => {
    if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not see who can log in";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    const { image } = controller;
    const asked = request.users?.map(({ name }) => name) ?? [];
    const names = asked.length > 0 ? asked : [...image.scramUsers().keys()];
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    const results = Array.from(counts, ([name, count]) =>
      count > 1
        ? failed(name, "DUPLICATE_RESOURCE", "it is asked for twice")
        : describe(name, image),
    );
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, results: [] }),
);

function describe(user: string, image: ClusterImage) {
  const credentials = image.scramUsers().get(user);
  if (credentials === undefined) return failed(user, "RESOURCE_NOT_FOUND", "it has none");
  const credentialInfos = Array.from(credentials, ([mechanism, { iterations }]) => ({
    mechanism: scramMechanismIds[mechanism],
    iterations,
  }));
  return { user, errorCode: 0, errorMessage: null, credentialInfos };
}

function failed(user: string, code: "DUPLICATE_RESOURCE" | "RESOURCE_NOT_FOUND", why: string) {
  const errorMessage = `the SCRAM credentials of user ${user} cannot be described: ${why}`;
  return { user, errorCode: brokerErrorNumber(code), errorMessage, credentialInfos: [] };
}
