import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerHarness } from "../../../test/broker-harness.ts";
import { Connection } from "../../client/connection.ts";
import {
  AlterUserScramCredentials,
  CreateAcls,
  DeleteAcls,
  DescribeAcls,
  DescribeUserScramCredentials,
  Metadata,
  SaslAuthenticate,
  SaslHandshake,
} from "../../protocol/index.ts";
import type { BrokerOptions } from "../broker-options.ts";

const patienceMs = 3_600_000;

/** Where anonymous is a super user and those who log in are nobody. */
const guarded: BrokerOptions = {
  // Overrides the harness's own.
  port: undefined,
  listeners: [
    { name: "OPEN", port: 0 },
    { name: "GUARDED", protocol: "SASL_PLAINTEXT", port: 0 },
  ],
  sasl: { users: { alice: "secret" } },
  configs: {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
  },
};

async function connect(harness: BrokerHarness): Promise<Connection> {
  const endpoint = { host: "127.0.0.1", port: harness.broker.port("GUARDED") as number };
  const settings = { clientId: "test", connectTimeoutMs: patienceMs, maxFrameBytes: 1_000_000 };
  return Connection.open(endpoint, settings, harness.host);
}

async function logIn(connection: Connection, password = "secret"): Promise<number> {
  await connection.request(SaslHandshake, 1, { mechanism: "PLAIN" }, patienceMs);
  const authBytes = Buffer.from(`\0alice\0${password}`);
  const { errorCode } = await connection.request(SaslAuthenticate, 2, { authBytes }, patienceMs);
  return errorCode;
}

const acl = {
  resourceType: 2,
  resourceName: "orders",
  resourcePatternType: 3,
  principal: "User:alice",
  host: "*",
  operation: 8,
  permissionType: 3,
};
const anyAcl = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

test("a user who has logged in sees what the access control list allows", async () => {
  await using harness = await BrokerHarness.start(guarded);
  await harness.createTopic("orders");
  await harness.createTopic("secrets");
  const connection = await connect(harness);
  assert.equal(await logIn(connection), 0);
  const seen = async () => {
    const { topics } = await connection.request(Metadata, 12, { topics: null }, patienceMs);
    return topics.map(({ name }) => name);
  };
  assert.deepEqual(await seen(), []);
  const { results } = await harness.ask(CreateAcls, 3, { creations: [acl, acl] });
  assert.deepEqual(
    results.map(({ errorCode }) => errorCode),
    [0, 0],
  );
  assert.deepEqual(await seen(), ["orders"]);
  const { resources } = await harness.ask(DescribeAcls, 3, anyAcl);
  assert.equal(resources[0]?.acls.length, 1);
  const { filterResults } = await harness.ask(DeleteAcls, 3, { filters: [anyAcl] });
  assert.equal(filterResults[0]?.matchingAcls[0]?.principal, "User:alice");
  assert.deepEqual(await seen(), []);
  const denied = await connection.request(DescribeAcls, 3, anyAcl, patienceMs);
  assert.equal(denied.errorCode, 31);
  connection.close();
});

test("before a login nothing is served, and a wrong password is told before the connection ends", async () => {
  await using harness = await BrokerHarness.start(guarded);
  const hasty = await connect(harness);
  await assert.rejects(hasty.request(Metadata, 12, { topics: null }, patienceMs));
  const wrong = await connect(harness);
  assert.equal(await logIn(wrong, "wrong"), 58);
  await assert.rejects(wrong.request(Metadata, 12, { topics: null }, patienceMs));
});

test("what is too large for a login ends the connection, and is fine after it", async () => {
  await using harness = await BrokerHarness.start(guarded);
  const topics = new Array(20).fill({ name: "x".repeat(30_000) });
  const before = await connect(harness);
  await assert.rejects(before.request(Metadata, 9, { topics }, patienceMs));
  const after = await connect(harness);
  await logIn(after);
  const answer = await after.request(Metadata, 9, { topics }, patienceMs);
  assert.equal(answer.topics[0]?.errorCode, 29);
  after.close();
});

test("SCRAM credentials are set, shown and taken away, one change a user", async () => {
  await using harness = await BrokerHarness.start(guarded);
  const upsertion = (name: string, mechanism: number, iterations: number) => {
    const [salt, saltedPassword] = [Buffer.from("salt"), Buffer.from("password")];
    return { name, mechanism, iterations, salt, saltedPassword };
  };
  const alter = async (
    deletions: { name: string; mechanism: number }[],
    ...upsertions: ReturnType<typeof upsertion>[]
  ) => {
    const { results } = await harness.ask(AlterUserScramCredentials, 0, { deletions, upsertions });
    return results.map(({ user, errorCode }) => `${user} ${errorCode}`);
  };
  const describe = async (...users: string[]) => {
    const names = users.length === 0 ? null : users.map((name) => ({ name }));
    const { results } = await harness.ask(DescribeUserScramCredentials, 0, { users: names });
    return results.map(({ user, errorCode, credentialInfos }) =>
      [user, errorCode, ...credentialInfos.map((one) => Object.values(one).join("/"))].join(" "),
    );
  };
  const made = [upsertion("bob", 1, 4096), upsertion("few", 1, 4095), upsertion("many", 2, 16_385)];
  const bad = [upsertion("", 1, 4096), upsertion("odd", 3, 4096)];
  const twice = [upsertion("eve", 1, 4096), upsertion("eve", 2, 4096)];
  assert.deepEqual(await alter([], ...made, ...bad, ...twice), [
    "bob 0",
    "few 93",
    "many 93",
    " 93",
    "odd 33",
    "eve 92",
  ]);
  assert.deepEqual(await alter([], upsertion("bob", 2, 8192)), ["bob 0"]);
  assert.deepEqual(await describe(), ["bob 0 1/4096 2/8192"]);
  assert.deepEqual(await describe("eve", "bob", "eve"), ["eve 92", "bob 0 1/4096 2/8192"]);
  const gone = { name: "bob", mechanism: 1 };
  assert.deepEqual(await alter([gone]), ["bob 0"]);
  assert.deepEqual(await alter([gone]), ["bob 91"]);
  assert.deepEqual(await describe("bob"), ["bob 0 2/8192"]);
});

test("without an authorizer there is no access control list", async () => {
  await using harness = await BrokerHarness.start();
  assert.equal((await harness.ask(DescribeAcls, 3, anyAcl)).errorCode, 54);
  const { results } = await harness.ask(CreateAcls, 3, { creations: [acl] });
  assert.equal(results[0]?.errorCode, 54);
});

test("an authorizer that is not known, and a listener without a mechanism, are refused at the start", async () => {
  const configs = { "authorizer.class.name": "com.example.Authorizer" };
  await assert.rejects(BrokerHarness.start({ configs }), { code: "INVALID_ARGUMENT" });
  const kerberos = { ...guarded.configs, "sasl.enabled.mechanisms": "GSSAPI,OAUTHBEARER" };
  await assert.rejects(BrokerHarness.start({ ...guarded, configs: kerberos }), {
    code: "INVALID_ARGUMENT",
    message: /listener GUARDED has none of the mechanisms/,
  });
});
