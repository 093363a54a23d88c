import { connect } from "node:net";

const apiVersionsKey = 18;
const metadataKey = 3;

/**
 * Asks the broker at a PLAINTEXT port on loopback which brokers it knows to be alive, and gives
 * their ids. Sends ApiVersions v0 and Metadata v1 by hand, so that the tool depends on no client.
 * Throws when the broker refuses, errs or says nothing within the time.
 */
export async function listBrokers(port: number, timeoutMs: number): Promise<number[]> {
  const request = Buffer.concat([
    frame(apiVersionsKey, 0, Buffer.alloc(0)),
    frame(metadataKey, 1, Buffer.alloc(4)), // an empty array: of no topic
  ]);
  const reply = await exchange(port, request, timeoutMs);
  const [apiVersions, metadata] = reply;
  const errorCode = apiVersions.readInt16BE(4);
  if (errorCode !== 0) throw new Error(`ApiVersions at port ${port} gave error ${errorCode}`);
  return brokerIds(metadata);
}

type Replies = [apiVersions: Buffer, metadata: Buffer];

async function exchange(port: number, request: Buffer, timeoutMs: number): Promise<Replies> {
  const { promise, resolve, reject } = Promise.withResolvers<Replies>();
  const socket = connect({ host: "127.0.0.1", port });
  const timer = setTimeout(() => reject(new Error(`port ${port} said nothing`)), timeoutMs);
  let received: Buffer = Buffer.alloc(0);
  socket.on("error", reject);
  socket.on("close", () => reject(new Error(`port ${port} hung up`)));
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    const [first, second] = frames(received);
    if (first !== undefined && second !== undefined) resolve([first, second]);
  });
  socket.write(request);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function frame(apiKey: number, version: number, body: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header.writeInt32BE(10 + body.length, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(version, 6);
  header.writeInt32BE(apiKey, 8); // correlation id
  header.writeInt16BE(-1, 12); // no client id
  return Buffer.concat([header, body]);
}

function frames(received: Buffer): Buffer[] {
  const complete = [];
  let rest = received;
  while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
    const end = 4 + rest.readInt32BE(0);
    complete.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return complete;
}

/** Reads the brokers of a Metadata v1 response: id, host, port, rack. */
function brokerIds(response: Buffer): number[] {
  let at = 4; // past the correlation id
  const count = response.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const id = response.readInt32BE(at);
    at += 4;
    at += 2 + response.readInt16BE(at) + 4;
    at += 2 + Math.max(response.readInt16BE(at), 0);
    return id;
  });
}
