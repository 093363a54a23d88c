/**
 * Gives a buffer's memory back at once, after which the buffer is empty; does nothing where the buffer
 * is a part of some larger memory. Not needed for correctness: but memory outside of its heap makes V8
 * collect all of its garbage every 32 MB or so, which cost a broker that checks compressed batches
 * several times what decompressing them does.
 */
export function releaseMemory(buffer: Buffer): void {
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.length) memory.transfer(0);
}
