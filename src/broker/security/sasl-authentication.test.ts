import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { SaslAuthenticate, SaslHandshake } from "../../protocol/index.ts";
import { PlainExchange } from "./plain-exchange.ts";
import { SaslAuthentication } from "./sasl-authentication.ts";
import type { SaslExchange } from "./sasl-exchange.ts";

const passwords = new Map([
  ["alice", "secret"],
  ["bob", "other"],
]);
const plain = (): SaslExchange => new PlainExchange((user) => passwords.get(user));
const silent = (): SaslExchange => ({ respond: () => ({ do: "refuse" }) });

function newSession(maxReauthMs = 0) {
  const clock = new ManualClock();
  const mechanisms = new Map([
    ["PLAIN", plain],
    ["SILENT", silent],
  ]);
  const options = { clock, mechanisms, maxReauthMs: () => maxReauthMs, failureDelayMs: 100 };
  const session = new SaslAuthentication(options);
  const shake = (mechanism: string, version = 1) =>
    session.handle(SaslHandshake.key, version, { mechanism });
  const tell = (user: string, password: string) => {
    const authBytes = Buffer.from(`\0${user}\0${password}`);
    return session.handle(SaslAuthenticate.key, 2, { authBytes });
  };
  return { clock, session, shake, tell };
}

test("a handshake and the right token let a user in", () => {
  const { session, shake, tell } = newSession();
  assert.deepEqual(shake("PLAIN"), { answer: { errorCode: 0, mechanisms: ["PLAIN", "SILENT"] } });
  assert.equal(session.principal, undefined);
  const { answer, closeAfterMs } = tell("alice", "secret");
  const expected = { errorCode: 0, errorMessage: null, sessionLifetimeMs: 0 };
  assert.deepEqual(answer, { ...expected, authBytes: Buffer.alloc(0) });
  assert.equal(closeAfterMs, undefined);
  assert.deepEqual(session.principal, { type: "User", name: "alice" });
  assert.equal(session.expiresAt, Number.POSITIVE_INFINITY);
});

test("a mechanism that is not served is refused with those that are, and the connection ends after a delay", () => {
  const { shake } = newSession();
  const answer = { errorCode: 33, mechanisms: ["PLAIN", "SILENT"] };
  assert.deepEqual(shake("GSSAPI"), { answer, closeAfterMs: 100 });
});

test("a wrong token is told with a delay, and not more than the client may know", () => {
  const one = newSession();
  one.shake("PLAIN");
  const { answer, closeAfterMs } = one.tell("alice", "wrong");
  const errorMessage = "Authentication failed: Invalid username or password";
  assert.deepEqual(answer, { errorCode: 58, errorMessage, authBytes: Buffer.alloc(0) });
  assert.equal(closeAfterMs, 100);
  assert.equal(one.session.principal, undefined);
  const other = newSession();
  other.shake("SILENT");
  const { errorMessage: hidden } = other.tell("alice", "x").answer as { errorMessage: string };
  assert.match(hidden, /invalid credentials with SASL mechanism SILENT$/);
});

test("a token before the handshake ends the connection, and a second handshake is out of turn", () => {
  const { shake, tell } = newSession();
  assert.throws(() => tell("alice", "secret"));
  shake("PLAIN");
  const answer = { errorCode: 34, mechanisms: [] };
  assert.deepEqual(shake("PLAIN"), { answer, closeAfterMs: 100 });
});

test("after handshake 0 tokens come bare, and a wrong one has no answer", () => {
  const { session, shake } = newSession();
  shake("PLAIN", 0);
  assert.equal(session.awaitsToken, true);
  const answer = session.handleToken(Buffer.from("\0alice\0secret"));
  assert.deepEqual(answer, { answer: Buffer.alloc(0) });
  assert.equal(session.awaitsToken, false);
  assert.equal(session.principal?.name, "alice");
  const other = newSession();
  other.shake("PLAIN", 0);
  const refused = other.session.handleToken(Buffer.from("\0alice\0wrong"));
  assert.deepEqual(refused, { answer: undefined, closeAfterMs: 100 });
});

test("a session that does not end cannot be begun again, and is not disturbed by the attempt", () => {
  const { session, shake, tell } = newSession();
  shake("PLAIN");
  tell("alice", "secret");
  assert.deepEqual(shake("PLAIN"), { answer: { errorCode: 34, mechanisms: [] } });
  assert.equal((tell("bob", "other").answer as { errorCode: number }).errorCode, 34);
  assert.equal(session.principal?.name, "alice");
});

test("a session ends in time, unless its user authenticates anew, which is possible once a second", () => {
  const { clock, session, shake, tell } = newSession(5000);
  shake("PLAIN");
  const { sessionLifetimeMs } = tell("alice", "secret").answer as { sessionLifetimeMs: number };
  assert.equal(sessionLifetimeMs, 5000);
  assert.equal(session.expiresAt, 5000);
  clock.advance(4000);
  assert.equal((shake("PLAIN").answer as { errorCode: number }).errorCode, 0);
  assert.equal(session.principal?.name, "alice");
  tell("alice", "secret");
  assert.equal(session.expiresAt, 9000);
  clock.advance(999);
  assert.equal((shake("PLAIN").answer as { errorCode: number }).errorCode, 34);
  clock.advance(1);
  assert.equal((shake("PLAIN").answer as { errorCode: number }).errorCode, 0);
});

test("who authenticates anew must stay who it was, by the same mechanism", () => {
  for (const [mechanism, user, password] of [
    ["PLAIN", "bob", "other"],
    ["SILENT", "alice", "secret"],
  ] as const) {
    const { session, shake, tell } = newSession(5000);
    shake("PLAIN");
    tell("alice", "secret");
    shake(mechanism);
    const { answer, closeAfterMs } = tell(user, password);
    assert.equal((answer as { errorCode: number }).errorCode, 58);
    assert.equal(closeAfterMs, 100);
    assert.equal(session.principal?.name, "alice");
  }
});
