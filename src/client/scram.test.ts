import assert from "node:assert/strict";
import { test } from "node:test";
import { ScramClient } from "./scram.ts";

// The exchange of RFC 7677, section 3, whose nonce is text and not the base64 of random bytes.
const user = "user";
const password = "pencil";
const clientNonce = "rOprNGfwEbeRWgbNEkqO";
const serverFirst =
  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const clientFinal =
  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

function exchange(name = user): ScramClient {
  return new ScramClient("SCRAM-SHA-256", name, password, Buffer.from(clientNonce, "base64url"));
}

test("the exchange of RFC 7677 gives the RFC's messages", () => {
  const client = exchange();
  assert.equal(client.first().toString(), `n,,n=user,r=${clientNonce}`);
  assert.equal(client.final(Buffer.from(serverFirst)).toString(), clientFinal);
  client.verify(Buffer.from(serverFinal));
});

test("a server that cannot prove that it knows the password is refused", () => {
  const client = exchange();
  client.final(Buffer.from(serverFirst));
  assert.throws(() => client.verify(Buffer.from("v=AAAA")), { code: "SASL_FAILED" });
  assert.throws(() => client.verify(Buffer.from("e=other-error")), /other-error/);
});

test("a challenge with a foreign nonce or too few iterations is refused", () => {
  const foreign = serverFirst.replace("rOpr", "xxxx");
  assert.throws(() => exchange().final(Buffer.from(foreign)), { code: "SASL_FAILED" });
  const weak = serverFirst.replace("i=4096", "i=1");
  assert.throws(() => exchange().final(Buffer.from(weak)), { code: "SASL_FAILED" });
  const endless = serverFirst.replace("i=4096", "i=2000000000");
  assert.throws(() => exchange().final(Buffer.from(endless)), { code: "SASL_FAILED" });
});

test("commas and equals signs in a name are escaped", () => {
  assert.match(exchange("a=b,c").first().toString(), /n=a=3Db=2Cc,/);
});
