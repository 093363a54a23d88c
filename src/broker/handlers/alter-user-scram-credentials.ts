import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { AlterUserScramCredentials } from "../../protocol/index.ts";
import { scramMechanismIds } from "../metadata/access-image.ts";
import type { ClusterImage, ScramMechanism } from "../metadata/cluster-image.ts";
import type { ScramChange } from "../metadata/controller.ts";
import { credentialOfSalted, scramIterations } from "../security/scram-credential.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof AlterUserScramCredentials.request.decode>;
type Upsertion = Request["upsertions"][number];
type Deletion = Request["deletions"][number];

interface Refusal {
  readonly code: BrokerErrorCode;
  readonly message: string;
}

/** Version 0. */
export const alterUserScramCredentials = handler(
  AlterUserScramCredentials,
  (request, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not change who can log in";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    const outcomes = decide(request, controller.image);
    const changes: ScramChange[] = [];
    for (const outcome of outcomes.values()) if ("user" in outcome) changes.push(outcome);
    controller.setScramCredentials(changes);
    const results = Array.from(outcomes, ([user, outcome]) =>
      "code" in outcome
        ? { user, errorCode: brokerErrorNumber(outcome.code), errorMessage: outcome.message }
        : { user, errorCode: 0, errorMessage: null },
    );
    return { throttleTimeMs: 0, results };
  },
  undefined,
  (errorCode, { deletions, upsertions }) => {
    const users = new Set([...deletions, ...upsertions].map(({ name }) => name));
    const results = Array.from(users, (user) => ({ user, errorCode, errorMessage: null }));
    return { throttleTimeMs: 0, results };
  },
);

/** What becomes of each user; one that occurs twice is left alone (`ScramControlManager`). */
function decide(request: Request, image: ClusterImage): Map<string, ScramChange | Refusal> {
  const outcomes = new Map<string, ScramChange | Refusal>();
  const add = (name: string, outcome: () => ScramChange | Refusal) => {
    const before = outcomes.get(name);
    if (before === undefined) outcomes.set(name, outcome());
    else if (!("code" in before)) outcomes.set(name, twice);
  };
  for (const deletion of request.deletions) add(deletion.name, () => deleted(deletion, image));
  for (const upsertion of request.upsertions) add(upsertion.name, () => upserted(upsertion));
  return outcomes;
}

const twice: Refusal = {
  code: "DUPLICATE_RESOURCE",
  message: "a user's credentials cannot be changed twice in one request",
};

function deleted({ name, mechanism: id }: Deletion, image: ClusterImage): ScramChange | Refusal {
  const mechanism = mechanismOf(name, id);
  if (typeof mechanism !== "string") return mechanism;
  if (image.scramCredential(name, mechanism) === undefined) {
    return { code: "RESOURCE_NOT_FOUND", message: "there is no such credential to delete" };
  }
  return { user: name, mechanism, credential: undefined };
}

function upserted(upsertion: Upsertion): ScramChange | Refusal {
  const { name, mechanism: id, iterations, salt, saltedPassword } = upsertion;
  const mechanism = mechanismOf(name, id);
  if (typeof mechanism !== "string") return mechanism;
  const { min, max } = scramIterations;
  if (iterations < min) return { code: "UNACCEPTABLE_CREDENTIAL", message: "Too few iterations" };
  if (iterations > max) return { code: "UNACCEPTABLE_CREDENTIAL", message: "Too many iterations" };
  const credential = credentialOfSalted(mechanism, saltedPassword, salt, iterations);
  return { user: name, mechanism, credential };
}

function mechanismOf(user: string, id: number): ScramMechanism | Refusal {
  if (user === "") {
    return { code: "UNACCEPTABLE_CREDENTIAL", message: "Username must not be empty" };
  }
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    if (scramMechanismIds[mechanism] === id) return mechanism;
  }
  return { code: "UNSUPPORTED_SASL_MECHANISM", message: "Unknown SCRAM mechanism" };
}
