/** Someone who may log in to a cluster with SASL, by each of its mechanisms. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** The users of every cluster with SASL; `admin` is a super user where ACLs are checked. */
export const users: readonly User[] = [
  { name: "admin", password: "admin-secret" },
  { name: "alice", password: "alice-secret" },
  { name: "bob", password: "bob-secret" },
];

/** A SASL mechanism that a cluster speaks. */
export type Mechanism = "PLAIN" | ScramMechanism;

/** The mechanisms whose passwords Kafka stores itself. */
export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** The SCRAM mechanisms, weaker first. */
export const scramMechanisms: readonly ScramMechanism[] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

/** All SASL mechanisms of a cluster. */
export const mechanisms: readonly Mechanism[] = ["PLAIN", ...scramMechanisms];
