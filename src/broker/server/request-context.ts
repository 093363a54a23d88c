import type { RequestHeader } from "../../protocol/index.ts";
import type { AclOperation, AclResourceType, Principal } from "../security/authorizer.ts";
import type { ClientSoftware } from "./client-software.ts";

/** Where a request comes from, and what its sender may do. One per request. */
export interface RequestContext {
  readonly header: RequestHeader;
  readonly apiVersion: number;
  readonly clientId: string;
  /** The client's address as text, without its port. */
  readonly clientHost: string;
  readonly principal: Principal;
  /** The listener that the connection came in by: its name picks the advertised address. */
  readonly listenerName: string;
  /** A number of the connection that no other has. */
  readonly connectionId: number;
  /** Software name and version as told with ApiVersions. */
  readonly clientSoftware: ClientSoftware;
  /** How large an answer had better be, so that there is memory for those of others; 0 where it is scarce. */
  readonly answerBytes: number;
  isAllowed(operation: AclOperation, resourceType: AclResourceType, resourceName: string): boolean;
  isAllowedOnAny(operation: AclOperation, resourceType: AclResourceType): boolean;
  /** Calls when the connection is gone, so that what waits on its behalf can stop; gives the way to call that off. */
  onClose(run: () => void): () => void;
  /** Ends the connection, where an error can be told in no other way (Produce with acks 0). */
  giveUp(reason: string): void;
}
