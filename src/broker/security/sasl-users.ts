import type { Random } from "../../random.ts";
import type { ClusterImage, ScramCredential, ScramMechanism } from "../metadata/cluster-image.ts";
import { credentialOfPassword } from "./scram-credential.ts";

/** What the users of a listener are known by. */
export interface SaslUsersOptions {
  /** Users with their passwords, as the broker was started with them: they can log in by every mechanism. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly image: Pick<ClusterImage, "scramCredential">;
  readonly random: Random;
}

const saltBytes = 20;

/** Who can log in: users given to the broker at its start, and those in the metadata, which prevail. */
export class SaslUsers {
  readonly #options: SaslUsersOptions;
  /** Those worked out from passwords so far, by mechanism and user: as many as there are users at most. */
  readonly #credentials = new Map<string, ScramCredential>();

  constructor(options: SaslUsersOptions) {
    this.#options = options;
  }

  /** Whether there is anyone who can log in by PLAIN. */
  get hasPasswords(): boolean {
    return this.#options.passwords.size > 0;
  }

  passwordOf(user: string): string | undefined {
    return this.#options.passwords.get(user);
  }

  credentialOf(user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    const { image, passwords, random } = this.#options;
    const known = image.scramCredential(user, mechanism);
    if (known !== undefined) return known;
    const password = passwords.get(user);
    if (password === undefined) return undefined;
    const key = `${mechanism} ${user}`;
    const cached = this.#credentials.get(key);
    if (cached !== undefined) return cached;
    const salt = random.bytes(saltBytes);
    const credential = credentialOfPassword(mechanism, password, salt);
    this.#credentials.set(key, credential);
    return credential;
  }
}
