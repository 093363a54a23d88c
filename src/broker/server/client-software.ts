/** What a client says it is, with ApiVersions from version 3 on (KIP-511). */
export interface ClientSoftware {
  readonly name: string;
  readonly version: string;
}

/** A client that has not said what it is. */
export const unknownSoftware: ClientSoftware = { name: "unknown", version: "unknown" };

/** What Kafka takes for either (`ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN`). */
const pattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** Whether name and version are such as Kafka accepts; what is not must not get into logs and metrics. */
export function isProperSoftware({ name, version }: ClientSoftware): boolean {
  return pattern.test(name) && pattern.test(version);
}
