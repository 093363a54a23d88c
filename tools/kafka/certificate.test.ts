import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { createIdentity } from "./certificate.ts";

const authority = createIdentity("test authority", "authority");

test("a server and a client trust each other through their authority", async () => {
  const server = createIdentity("localhost", "server", authority);
  const client = createIdentity("client", "client", authority);
  const listener = createServer({
    cert: server.certificate,
    key: server.key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const accepted = once(listener, "secureConnection") as Promise<[TLSSocket]>;
  const socket = connect({
    host: "127.0.0.1",
    port,
    ca: authority.certificate,
    cert: client.certificate,
    key: client.key,
  });
  await once(socket, "secureConnect");
  const [peer] = await accepted;
  assert.equal(socket.authorized, true);
  assert.equal(peer.getPeerCertificate().subject.CN, "client");
  socket.destroy();
  peer.destroy();
  listener.close();
});

test("a server's certificate is valid for localhost and the loopback addresses only", () => {
  const certificate = new X509Certificate(createIdentity("s", "server", authority).certificate);
  assert.equal(certificate.checkHost("localhost"), "localhost");
  assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
  assert.equal(certificate.checkIP("::1"), "::1");
  assert.equal(certificate.checkHost("example.org"), undefined);
});

test("a certificate of another authority does not verify", () => {
  const stranger = createIdentity("test authority", "authority");
  const { certificate } = createIdentity("client", "client", stranger);
  const trusted = new X509Certificate(authority.certificate);
  assert.equal(new X509Certificate(certificate).verify(trusted.publicKey), false);
});
