import net from "node:net";
import {
  type Api,
  encodeRequestHeader,
  hasFlexibleResponseHeader,
  Reader,
  skipTags,
  Writer,
} from "../src/protocol/index.ts";

/** How long a test waits for the broker before it fails, unless it says otherwise. */
const patienceMs = 5_000;

/** A connection that sends what a test wants, sense or not, and shows what comes back. */
export class RawClient {
  readonly #socket: net.Socket;
  readonly #patienceMs: number;
  #received: Buffer = Buffer.alloc(0);
  /** What came since, joined only once it may hold a whole frame. */
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #isClosed = false;
  #wake: () => void = () => {};
  #correlationId = 0;

  private constructor(socket: net.Socket, patience: number) {
    this.#socket = socket;
    this.#patienceMs = patience;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#chunkBytes += chunk.length;
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect(bootstrapServers: string, waitMs = patienceMs): Promise<RawClient> {
    const [host, port] = bootstrapServers.split(":");
    const socket = net.connect(Number(port), host);
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket, waitMs);
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** Reads no more for now, so that the broker's answers pile up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends a request; gives its correlation id. */
  send<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
  ): number {
    this.#correlationId += 1;
    const writer = new Writer();
    writer.int32(0);
    const header = {
      apiKey: api.key,
      apiVersion: version,
      correlationId: this.#correlationId,
      clientId: "raw",
    };
    encodeRequestHeader(writer, header, api.isFlexible(version));
    api.request.encode(writer, version, body);
    const bytes = writer.toBuffer();
    bytes.writeInt32BE(bytes.length - 4, 0);
    this.write(bytes);
    return this.#correlationId;
  }

  /** Sends a request, and gives the decoded answer to it. */
  async request<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
  ): Promise<Response> {
    const correlationId = this.send(api, version, body);
    const reader = new Reader(await this.frame());
    if (reader.int32() !== correlationId) throw new Error("an answer to another request came");
    if (hasFlexibleResponseHeader(api, version)) skipTags(reader);
    return api.response.decode(reader, version);
  }

  /** The next frame, without its length. */
  async frame(): Promise<Buffer> {
    await this.#until(() => this.#has(4), "no frame came");
    const end = 4 + this.#received.readInt32BE(0);
    await this.#until(() => this.#has(end), "no whole frame came");
    const frame = this.#received.subarray(4, end);
    this.#received = this.#received.subarray(end);
    return frame;
  }

  /** Waits for the broker to end the connection; gives how many bytes it had sent that nobody asked for. */
  async ended(): Promise<number> {
    await this.#until(() => this.#isClosed, "the connection was not closed");
    return this.#received.length + this.#chunkBytes;
  }

  #has(length: number): boolean {
    if (this.#received.length + this.#chunkBytes < length) return false;
    this.#received = Buffer.concat([this.#received, ...this.#chunks]);
    this.#chunks = [];
    this.#chunkBytes = 0;
    return true;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #until(isDone: () => boolean, complaint: string): Promise<void> {
    const timer = setTimeout(() => this.#wake(), this.#patienceMs);
    const end = performance.now() + this.#patienceMs;
    try {
      while (!isDone()) {
        if (this.#isClosed) throw new Error(`${complaint}: the connection was closed`);
        if (performance.now() >= end) throw new Error(`${complaint} within ${this.#patienceMs} ms`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
