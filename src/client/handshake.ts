import { brokerErrorCode } from "../broker-error-code.ts";
import { BrokerError, ConnectionError } from "../errors.ts";
import type { Host } from "../host.ts";
import { ApiVersions, SaslAuthenticate, SaslHandshake } from "../protocol/index.ts";
import type { Connection } from "./connection.ts";
import { ScramClient, type ScramMechanism } from "./scram.ts";

/** Who the client is to the broker. */
export interface SaslOptions {
  readonly mechanism: "PLAIN" | ScramMechanism;
  readonly username: string;
  readonly password: string;
}

/** What this client calls itself to brokers (KIP-511). */
export const softwareName = "millrace";
/** The version that goes with {@link softwareName}. */
export const softwareVersion = "0.1.0";
/** KIP-368: a session is renewed when this part of its life is over. */
const renewAfter = 0.85;

/** Makes a fresh connection ready: learns the broker's versions and authenticates. */
export async function shakeHands(
  connection: Connection,
  {
    sasl,
    timeoutMs,
    host,
  }: { readonly sasl: SaslOptions | undefined; readonly timeoutMs: number; readonly host: Host },
): Promise<void> {
  await learnVersions(connection, timeoutMs);
  if (sasl) await authenticate(connection, sasl, timeoutMs, host);
}

async function learnVersions(connection: Connection, timeoutMs: number): Promise<void> {
  const ask = (version: number) =>
    connection.request(
      ApiVersions,
      version,
      version < 3
        ? {}
        : { clientSoftwareName: softwareName, clientSoftwareVersion: softwareVersion },
      timeoutMs,
    );
  let answer = await ask(ApiVersions.versions[1]);
  if (brokerErrorOf(answer.errorCode) === "UNSUPPORTED_VERSION") {
    // KIP-511: such an answer has the form of version 0 and names the versions of ApiVersions itself.
    const offered = answer.apiKeys.find(({ apiKey }) => apiKey === ApiVersions.key)?.maxVersion;
    answer = await ask(Math.min(offered ?? 0, ApiVersions.versions[1]));
  }
  throwIfRefused(answer.errorCode, `learning the versions of ${name(connection)}`);
  connection.versions = new Map(
    answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]),
  );
  connection.features = new Map(
    answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]),
  );
}

async function authenticate(
  connection: Connection,
  sasl: SaslOptions,
  timeoutMs: number,
  host: Host,
): Promise<void> {
  const { mechanism } = sasl;
  const handshake = await connection.request(SaslHandshake, 1, { mechanism }, timeoutMs);
  if (handshake.errorCode !== 0) {
    const offered = handshake.mechanisms.join(", ") || "none";
    const text = `${name(connection)} does not offer SASL ${mechanism} on this listener; it offers: ${offered}`;
    throw new ConnectionError("SASL_FAILED", text);
  }
  const version = Math.min(connection.versions.get(SaslAuthenticate.key)?.[1] ?? 0, 2);
  let sessionLifetimeMs = 0;
  const exchange = async (authBytes: Buffer) => {
    const answer = await connection.request(SaslAuthenticate, version, { authBytes }, timeoutMs);
    if (answer.errorCode !== 0) {
      const reason = answer.errorMessage ?? brokerErrorCode(answer.errorCode);
      const text = `${name(connection)} refused user "${sasl.username}" (${mechanism}): ${reason}; check user and password`;
      throw new ConnectionError("SASL_FAILED", text);
    }
    sessionLifetimeMs = answer.sessionLifetimeMs;
    return answer.authBytes;
  };
  if (mechanism === "PLAIN") {
    await exchange(Buffer.from(`\0${sasl.username}\0${sasl.password}`));
  } else {
    const nonce = host.random.bytes(24);
    const scram = new ScramClient(mechanism, sasl.username, sasl.password, nonce);
    const challenge = await exchange(scram.first());
    scram.verify(await exchange(scram.final(challenge)));
  }
  if (sessionLifetimeMs > 0) {
    connection.expiresAt = host.clock.elapsed() + sessionLifetimeMs * renewAfter;
  }
}

function brokerErrorOf(errorCode: number): string | undefined {
  return errorCode === 0 ? undefined : brokerErrorCode(errorCode);
}

function throwIfRefused(errorCode: number, attempt: string): void {
  if (errorCode === 0) return;
  const code = brokerErrorCode(errorCode);
  throw new BrokerError(code, `${attempt} failed: ${code}`);
}

function name({ endpoint }: Connection): string {
  return `${endpoint.host}:${endpoint.port}`;
}
