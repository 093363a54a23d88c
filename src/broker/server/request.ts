import type { RequestHeader } from "../../protocol/index.ts";
import type {
  AclOperation,
  AclResourceType,
  Authorizer,
  Principal,
} from "../security/authorizer.ts";
import type { ClientSoftware } from "./client-software.ts";
import type { RequestContext } from "./request-context.ts";

/** What a request needs to know of the connection that it came in by. */
export interface RequestOrigin {
  readonly id: number;
  readonly clientHost: string;
  readonly principal: Principal;
  readonly listenerName: string;
  readonly clientSoftware: ClientSoftware;
  readonly answerBytes: number;
  readonly authorizer: Authorizer;
  onClose(run: () => void): () => void;
  giveUp(reason: string): void;
}

/** One request, as its handler sees where it comes from; everything is looked up only when asked for. */
export class Request implements RequestContext {
  readonly header: RequestHeader;
  readonly #origin: RequestOrigin;

  constructor(header: RequestHeader, origin: RequestOrigin) {
    this.header = header;
    this.#origin = origin;
  }

  get apiVersion(): number {
    return this.header.apiVersion;
  }

  get clientId(): string {
    return this.header.clientId ?? "";
  }

  get clientHost(): string {
    return this.#origin.clientHost;
  }

  get principal(): Principal {
    return this.#origin.principal;
  }

  get listenerName(): string {
    return this.#origin.listenerName;
  }

  get connectionId(): number {
    return this.#origin.id;
  }

  get clientSoftware(): ClientSoftware {
    return this.#origin.clientSoftware;
  }

  get answerBytes(): number {
    return this.#origin.answerBytes;
  }

  isAllowed(operation: AclOperation, resourceType: AclResourceType, resourceName: string): boolean {
    const { authorizer, principal, clientHost } = this.#origin;
    return authorizer.isAllowed({
      principal,
      host: clientHost,
      operation,
      resourceType,
      resourceName,
    });
  }

  isAllowedOnAny(operation: AclOperation, resourceType: AclResourceType): boolean {
    const { authorizer, principal, clientHost } = this.#origin;
    return authorizer.isAllowedOnAny({ principal, host: clientHost, operation, resourceType });
  }

  onClose(run: () => void): () => void {
    return this.#origin.onClose(run);
  }

  giveUp(reason: string): void {
    this.#origin.giveUp(reason);
  }
}
