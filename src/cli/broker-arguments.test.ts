import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerArguments } from "./broker-arguments.ts";
import { UsageError } from "./usage-error.ts";

const files = new Map([
  ["cert.pem", "a certificate"],
  ["key.pem", "a key"],
  ["ca.pem", "an authority"],
]);

function readFile(path: string): Buffer {
  const content = files.get(path);
  if (content === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
  return Buffer.from(content);
}

function served(line: string) {
  const asked = brokerArguments(line.split(" ").filter(Boolean), readFile);
  assert.equal(asked.kind, "serve");
  return asked as Extract<typeof asked, { kind: "serve" }>;
}

function refuses(line: string, message: RegExp): void {
  assert.throws(
    () => served(line),
    (error) => error instanceof UsageError && message.test(error.message),
  );
}

test("without options it listens in plain text where the library does", () => {
  const { options, logLevel } = served("");
  assert.deepEqual(options.listeners, [
    { protocol: "PLAINTEXT", host: undefined, port: 9092, tls: undefined, advertised: undefined },
  ]);
  assert.equal(options.dataDir, undefined);
  assert.equal(options.metrics, undefined);
  assert.equal(options.sasl, undefined);
  assert.equal(logLevel, "info");
});

test("port, host, data and the rest go where they belong", () => {
  const { options, logLevel } = served(
    "-p 0 --host 0.0.0.0 --advertised kafka.example -d ./data --node-id 7 --cluster-id abc " +
      "--metrics-port 9404 --metrics-host 0.0.0.0 --log-level error",
  );
  const [listener] = options.listeners ?? [];
  assert.deepEqual([listener?.host, listener?.port], ["0.0.0.0", 0]);
  assert.equal(listener?.advertised?.host, "kafka.example");
  assert.equal(options.dataDir, "./data");
  assert.deepEqual([options.nodeId, options.clusterId], [7, "abc"]);
  assert.deepEqual(options.metrics, { port: 9404, host: "0.0.0.0" });
  assert.equal(logLevel, "error");
});

test("settings of Kafka keep all that stands behind the first equals sign", () => {
  const { options } = served("-c log.retention.ms=1000 --config super.users=User:CN=a");
  assert.deepEqual(options.configs, { "log.retention.ms": "1000", "super.users": "User:CN=a" });
});

test("users and certificates decide the protocol of the one listener", () => {
  const protocolOf = (line: string) => served(line).options.listeners?.[0]?.protocol;
  const tls = "--tls-cert cert.pem --tls-key key.pem";
  assert.equal(protocolOf("--sasl-user a:b"), "SASL_PLAINTEXT");
  assert.equal(protocolOf(tls), "SSL");
  assert.equal(protocolOf(`${tls} --sasl-user a:b:c`), "SASL_SSL");
  assert.deepEqual(served("--sasl-user a:b:c").options.sasl, { users: { a: "b:c" } });
});

test("an authority makes clients show a certificate, unless ssl.client.auth says otherwise", () => {
  const authOf = (line: string) => {
    const { options } = served(`--tls-cert cert.pem --tls-key key.pem ${line}`);
    const tls = options.listeners?.[0]?.tls;
    return [tls?.clientAuth, tls?.ca?.toString()];
  };
  assert.deepEqual(authOf(""), ["none", undefined]);
  assert.deepEqual(authOf("--tls-ca ca.pem"), ["required", "an authority"]);
  assert.equal(authOf("--tls-ca ca.pem -c ssl.client.auth=requested")[0], "requested");
});

test("several listeners have names, addresses and what clients are told of each", () => {
  const { options } = served(
    "--listener PLAINTEXT://127.0.0.1:9092 --listener OUTSIDE=SASL_SSL://[::]:9093 " +
      "--tls-cert cert.pem --tls-key key.pem --advertised OUTSIDE://[2001:db8::1]:443",
  );
  const [inside, outside] = options.listeners ?? [];
  assert.deepEqual(
    [inside?.name, inside?.protocol, inside?.host, inside?.port, inside?.tls],
    [undefined, "PLAINTEXT", "127.0.0.1", 9092, undefined],
  );
  assert.deepEqual(
    [outside?.name, outside?.protocol, outside?.host, outside?.port],
    ["OUTSIDE", "SASL_SSL", "::", 9093],
  );
  assert.deepEqual([outside?.advertised?.host, outside?.advertised?.port], ["2001:db8::1", 443]);
  assert.equal(inside?.advertised, undefined);
});

test("access control needs somebody who may change it", () => {
  const { options } = served("--acl --super-user alice --super-user bob");
  assert.deepEqual(options.configs, {
    "super.users": "User:alice;User:bob",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  });
  served("--acl -c allow.everyone.if.no.acl.found=true");
  refuses("--acl", /--super-user/);
});

test("what cannot be is refused, with what it should be", () => {
  refuses("--prot 1", /Unknown option '--prot'/);
  refuses("extra", /extra/);
  refuses("--port", /--port/);
  refuses("--port 1 --port 2", /--port is given more than once/);
  refuses("--port x", /--port is "x", where a number is needed/);
  refuses("--config retention", /name=value/);
  refuses("--listener kafka:9092", /protocol:\/\/address:port/);
  refuses("--listener HTTP://localhost:1", /PLAINTEXT/);
  refuses("--listener PLAINTEXT://localhost:1 --port 1", /in place of/);
  refuses("--listener SSL://localhost:1", /--tls-cert/);
  refuses("--advertised a:b:c", /host\[:port\]/);
  refuses("--advertised ELSE://kafka.example", /no listener.*ELSE/);
  refuses("--tls-cert cert.pem", /--tls-key/);
  refuses("--tls-cert cert.pem --tls-key nowhere.pem", /--tls-key cannot be read: ENOENT/);
  refuses("--tls-cert cert.pem --tls-key key.pem -c ssl.client.auth=yes", /required/);
  refuses("--metrics-host 0.0.0.0", /--metrics-port/);
  refuses("--log-level loud", /debug, info, warn, error, silent/);
});

test("a password is not repeated in an error", () => {
  refuses("--sasl-user secret", /^--sasl-user needs the form name:password$/);
});

test("who asks for help gets it, whatever else is asked", () => {
  assert.deepEqual(brokerArguments(["--help", "--port", "0"], readFile), { kind: "help" });
});
