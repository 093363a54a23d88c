import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Client, type ClientOptions, string } from "millrace/client";
import { startCluster, type TestCluster } from "../cluster.ts";

const password = "admin-secret";

describe("connecting", () => {
  let kafka: TestCluster;
  let tls: { readonly ca: Buffer };
  before(async () => {
    kafka = await startCluster({ sasl: true, tls: true });
    tls = { ca: readFileSync(kafka.tls?.ca ?? "") };
  });
  after(() => kafka?.close());

  /** Connects and asks who is there: the number of brokers. */
  async function brokers(options: ClientOptions): Promise<number> {
    await using client = new Client({ connectTimeoutMs: 5_000, ...options });
    const { brokers } = await client.admin().cluster.describe({ timeoutMs: 5_000 });
    return brokers.length;
  }

  test("plain, TLS, and SASL over either reach the cluster", async () => {
    const { plaintext, ssl, sasl, saslSsl } = kafka.listeners;
    assert.equal(await brokers({ bootstrapServers: plaintext }), 1);
    assert.equal(await brokers({ bootstrapServers: ssl, tls }), 1);
    for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
      const login = { mechanism, username: "admin", password };
      assert.equal(await brokers({ bootstrapServers: sasl, sasl: login }), 1);
      assert.equal(await brokers({ bootstrapServers: saslSsl, sasl: login, tls }), 1);
    }
  });

  test("a client certificate is presented where the broker asks for one", async () => {
    const { clientCertificate = "", clientKey = "" } = kafka.tls ?? {};
    const cert = readFileSync(clientCertificate);
    const key = readFileSync(clientKey);
    const bootstrapServers = kafka.listeners.ssl;
    assert.equal(await brokers({ bootstrapServers, tls: { ...tls, cert, key } }), 1);
  });

  test("records travel over TLS with SASL as they do in the clear", async () => {
    const sasl = { mechanism: "SCRAM-SHA-512", username: "admin", password } as const;
    await using client = new Client({ bootstrapServers: kafka.listeners.saslSsl, sasl, tls });
    const topic = "over-tls";
    await client.admin().topics.create({ name: topic, numPartitions: 1 });
    await using producer = client.producer();
    const count = 20_000;
    for (let index = 0; index < count; index += 1) {
      await producer.enqueue({ topic, value: `${index}`.padStart(500, " ") });
    }
    await producer.flush();
    const assignment = [{ topic, partition: 0 }];
    const origin = { assignment, autoOffsetReset: "earliest", value: string } as const;
    await using consumer = client.consumer(origin);
    let read = 0;
    for await (const batch of consumer) {
      for (const { value } of batch) assert.equal(Number(value), read++);
      if (read === count) break;
    }
  });

  test("a name that resolves to several addresses finds the one that listens", async () => {
    const bootstrapServers = kafka.bootstrapServers.replace("127.0.0.1", "localhost");
    assert.equal(await brokers({ bootstrapServers }), 1);
  });

  test("one address that answers is enough", async () => {
    const bootstrapServers = ["127.0.0.1:1", kafka.bootstrapServers];
    assert.equal(await brokers({ bootstrapServers }), 1);
  });

  test("a wrong password is told at once, with the user's name and not the password", async () => {
    for (const mechanism of ["PLAIN", "SCRAM-SHA-256"] as const) {
      const sasl = { mechanism, username: "admin", password: "wrong" };
      await assert.rejects(brokers({ bootstrapServers: kafka.listeners.sasl, sasl }), {
        code: "SASL_FAILED",
        message: /"admin".*check user and password/,
      });
    }
  });

  test("an authority that is not trusted is told at once", async () => {
    await assert.rejects(brokers({ bootstrapServers: kafka.listeners.ssl, tls: true }), {
      code: "TLS_FAILED",
      message: /trusted authority/,
    });
  });

  test("a server name that the certificate lacks is told at once", async () => {
    const wrong = { ...tls, serverName: "elsewhere.example" };
    await assert.rejects(brokers({ bootstrapServers: kafka.listeners.ssl, tls: wrong }), {
      code: "TLS_FAILED",
    });
  });

  test("an address where nobody listens, or no such name, is an error by the deadline", async () => {
    await assert.rejects(brokers({ bootstrapServers: "127.0.0.1:1" }), /nothing listens/);
    // A resolver may take all that time by itself.
    const unknown = /resolved|took longer than 5000 ms/;
    await assert.rejects(brokers({ bootstrapServers: "no.such.host.invalid" }), unknown);
  });

  test("plain bytes to a TLS listener are answered with an error that says so", async () => {
    const bootstrapServers = kafka.listeners.ssl;
    await assert.rejects(brokers({ bootstrapServers }), /TLS/);
  });

  test("requests and bytes are counted", async () => {
    await using client = new Client({ bootstrapServers: kafka.bootstrapServers });
    assert.deepEqual(client.metrics(), { bytesIn: 0, bytesOut: 0, requests: 0 });
    await client.admin().cluster.describe();
    const { bytesIn, bytesOut, requests } = client.metrics();
    assert.ok(requests >= 2 && bytesIn > bytesOut && bytesOut > 0);
  });

  test("a closed client refuses work with CLOSED", async () => {
    const client = new Client({ bootstrapServers: kafka.bootstrapServers });
    await client.close();
    await client.close();
    assert.throws(() => client.admin(), { code: "CLOSED" });
  });
});

test("what is no address is refused before anything is connected", () => {
  for (const bootstrapServers of ["", " , ", "a:b", "host:99999", "host:1:2"]) {
    assert.throws(() => new Client({ bootstrapServers }), { code: "INVALID_ARGUMENT" });
  }
});
