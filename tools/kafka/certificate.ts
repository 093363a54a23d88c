import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";

/** A certificate with its private key: in PEM, as OpenSSL, Node and Kafka read them. */
export interface Identity {
  /** The common name, which is Kafka's principal `User:CN=<name>`. */
  readonly name: string;
  readonly certificate: string;
  /** Private key in PKCS #8, not encrypted. */
  readonly key: string;
}

/** What a certificate is for; a server's is valid for localhost, 127.0.0.1 and ::1. */
export type Purpose = "authority" | "server" | "client";

/**
 * Makes a P-256 key and an X.509 v3 certificate for it, signed by the authority, or by itself when
 * there is none. Written out here because neither Node nor keytool can do it alone: Node reads
 * certificates but makes none, keytool makes them but does not give out private keys.
 */
export function createIdentity(name: string, purpose: Purpose, authority?: Identity): Identity {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const issuer = authority ?? { name, key };
  const content = toBeSigned(name, purpose, publicKey, issuer.name, createPublicKey(issuer.key));
  const signature = sign("sha256", content, issuer.key);
  const der = sequence(content, ecdsaWithSha256, bitString(signature));
  return { name, certificate: pem("CERTIFICATE", der), key };
}

// RFC 5280, section 4.1: TBSCertificate.
function toBeSigned(
  name: string,
  purpose: Purpose,
  publicKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
): Buffer {
  const version3 = tagged(0xa0, integer(Buffer.from([2])));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const now = Date.now();
  const validity = sequence(utcTime(now - 3_600_000), utcTime(now + 3650 * 86_400_000));
  return sequence(
    version3,
    integer(serial),
    ecdsaWithSha256,
    distinguishedName(issuer),
    validity,
    distinguishedName(name),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions(purpose, publicKey, issuerKey))),
  );
}

function extensions(purpose: Purpose, publicKey: KeyObject, issuerKey: KeyObject): Buffer[] {
  const authorityKeyId = sequence(tagged(0x80, keyId(issuerKey)));
  const keyIds = [
    extension("55 1d 0e", false, tagged(0x04, keyId(publicKey))),
    extension("55 1d 23", false, authorityKeyId),
  ];
  if (purpose === "authority") {
    const isAuthority = sequence(tagged(0x01, Buffer.from([0xff])));
    const signsCertificates = tagged(0x03, Buffer.from([1, 0x06]));
    return [
      ...keyIds,
      extension("55 1d 13", true, isAuthority),
      extension("55 1d 0f", true, signsCertificates),
    ];
  }
  const use = purpose === "server" ? "2b 06 01 05 05 07 03 01" : "2b 06 01 05 05 07 03 02";
  const extendedUse = extension("55 1d 25", false, sequence(objectId(use)));
  if (purpose === "client") return [...keyIds, extendedUse];
  const names = sequence(
    tagged(0x82, Buffer.from("localhost")),
    tagged(0x87, Buffer.from([127, 0, 0, 1])),
    tagged(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
  );
  return [...keyIds, extendedUse, extension("55 1d 11", false, names)];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...flag, tagged(0x04, value));
}

function keyId(key: KeyObject): Buffer {
  // Any value that is the same for the same key will do; a P-256 point ends in 64 random bytes.
  return key.export({ type: "spki", format: "der" }).subarray(-20);
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(objectId("55 04 03"), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, "").slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.alloc(1), bytes]));
}

/** An object identifier from its DER content in hexadecimal. */
function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

const ecdsaWithSha256 = sequence(objectId("2a 86 48 ce 3d 04 03 02"));
