import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Ports from `base` on that are kept for one cluster. */
export interface PortBlock {
  readonly base: number;
  /** Lets others have the block. */
  release(): Promise<void>;
}

/** How many ports a cluster's block has; the last one is the lock and never a broker's. */
export const blockSize = 50;

/**
 * Reserves the block that begins at `base`, or a free one chosen at random. The block's last port is
 * listened on as a lock, so that two processes that look at the same moment never get the same
 * block; the others are only tried, since Kafka binds them itself. Random blocks lie below the
 * ports that operating systems give to outgoing connections, one of which could otherwise sit on a
 * stopped node's port when it returns.
 */
export async function reservePorts(base?: number): Promise<PortBlock> {
  if (base !== undefined) {
    const block = await tryBlock(base);
    if (block !== undefined) return block;
    const last = base + blockSize - 1;
    throw new Error(`a cluster at port ${base} needs ports ${base} to ${last}, and one is taken`);
  }
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const block = await tryBlock(15_000 + blockSize * randomInt(300));
    if (block !== undefined) return block;
  }
  throw new Error("found no 50 free ports in a row between 15000 and 30000");
}

async function tryBlock(base: number): Promise<PortBlock | undefined> {
  const lock = await listen(base + blockSize - 1);
  if (lock === undefined) return undefined;
  const release = () => close(lock);
  for (let port = base; port < base + blockSize - 1; port += 1) {
    const server = await listen(port);
    if (server === undefined) {
      await release();
      return undefined;
    }
    await close(server);
  }
  return { base, release };
}

async function listen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => socket.destroy());
  server.once("error", () => resolve(undefined));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  server.unref();
  return promise;
}

async function close(server: Server): Promise<void> {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}
