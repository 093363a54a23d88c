import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { credentialOfPassword } from "./scram-credential.ts";
import { ScramExchange } from "./scram-exchange.ts";

const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const credential = credentialOfPassword("SCRAM-SHA-256", "pencil", salt);
const nonce = Buffer.from("server-nonce");

function newExchange(credentialOf = (user: string) => (user === "user" ? credential : undefined)) {
  return new ScramExchange({ mechanism: "SCRAM-SHA-256", credentialOf, nonce });
}

function go(exchange: ScramExchange, message: string): string {
  const step = exchange.respond(Buffer.from(message));
  return step.do === "refuse" ? `refused ${step.message ?? ""}`.trim() : step.token.toString();
}

/** The last message of a client that knows the password. */
function finalMessage(bare: string, challenge: string, password = "pencil"): string {
  const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash("sha256").update(clientKey).digest();
  const withoutProof = `c=biws,r=${/r=([^,]*)/.exec(challenge)?.[1]}`;
  const signature = hmac(storedKey, `${bare},${challenge},${withoutProof}`);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)));
  return `${withoutProof},p=${proof.toString("base64")}`;
}

test("a client that knows the password is let in, and the server proves itself", () => {
  const exchange = newExchange();
  const challenge = go(exchange, "n,,n=user,r=abc");
  assert.match(challenge, /^r=abc[^,]+,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096$/);
  const step = exchange.respond(Buffer.from(finalMessage("n=user,r=abc", challenge)));
  assert.equal(step.do, "accept");
  assert.ok(step.do === "accept" && step.user === "user");
  assert.match(step.token.toString(), /^v=[A-Za-z0-9+/]{43}=$/);
});

test("a wrong password, another nonce and an unknown user are refused without a reason", () => {
  const wrong = newExchange();
  const challenge = go(wrong, "n,,n=user,r=abc");
  assert.equal(go(wrong, finalMessage("n=user,r=abc", challenge, "pen")), "refused");
  const other = newExchange();
  const right = finalMessage("n=user,r=abc", go(other, "n,,n=user,r=abc"));
  assert.equal(go(other, right.replace("r=abc", "r=abd")), "refused");
  assert.equal(go(newExchange(), "n,,n=nobody,r=abc"), "refused");
});

test("what is no SCRAM, asks for channel binding or for a delegation token is refused", () => {
  for (const message of [
    "",
    "\0user\0pencil",
    "y,,n=user,r=abc",
    "p=tls-unique,,n=user,r=abc",
    "n,,n=us=er,r=abc",
    "n,,n=user,r=abc,tokenauth=true",
    `n,,n=${"=2C".repeat(20_000)}`,
  ]) {
    assert.equal(go(newExchange(), message), "refused");
  }
});

test("names are unescaped, and the authorization id must be that of the user", () => {
  const names: string[] = [];
  const exchange = newExchange((user) => {
    names.push(user);
    return credential;
  });
  go(exchange, "n,,n=a=2Cb=3Dc,r=abc");
  assert.deepEqual(names, ["a,b=c"]);
  assert.match(go(newExchange(), "n,a=user,n=user,r=abc"), /^r=/);
  assert.match(go(newExchange(), "n,a=other,n=user,r=abc"), /^refused Authentication failed/);
});

test("a credential with too few iterations lets nobody in", () => {
  const weak = newExchange(() => ({ ...credential, iterations: 4095 }));
  assert.equal(go(weak, "n,,n=user,r=abc"), "refused");
});
