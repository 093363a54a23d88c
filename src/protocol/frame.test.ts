import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError } from "../errors.ts";
import { FrameReader } from "./frame.ts";

const mebibyte = 1024 * 1024;

function stream(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(frames.flatMap((frame) => [lengthOf(frame.length), frame]));
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  return bytes;
}

function reader({ trusted = true, lends = false, maxFrameBytes = 100 * mebibyte } = {}) {
  const frames: Buffer[] = [];
  // Only frames that are said to be lent are copied, as an owner would who keeps them.
  const onFrame = (frame: Buffer, isLent: boolean) =>
    void frames.push(isLent ? Buffer.from(frame) : frame);
  return { reader: new FrameReader({ maxFrameBytes, trusted, lends, onFrame }), frames };
}

/** Feeds bytes as a socket would: never more at once than the target holds, or than `chunk` says. */
function feed(to: FrameReader, bytes: Buffer, chunk: (index: number) => number): void {
  let index = 0;
  for (let at = 0; at < bytes.length; index += 1) {
    const target = to.target();
    assert.ok(target.length > 0, "a target is never empty");
    const length = Math.min(target.length, chunk(index), bytes.length - at);
    bytes.copy(target, 0, at, at + length);
    to.filled(length);
    at += length;
  }
}

test("however a stream is cut up, its frames come out the same", () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 8000, max: 9000 }),
    fc.integer({ min: 30_000, max: 34_000 }),
    fc.integer({ min: 60_000, max: 200_000 }),
    fc.integer({ min: mebibyte - 1, max: 3 * mebibyte }),
  );
  const chunks = fc.oneof(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 100_000 }),
    fc.constant(10 * mebibyte),
  );
  fc.assert(
    fc.property(
      fc.array(sizes, { maxLength: 6 }),
      fc.array(chunks, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (lengths, pattern, trusted, lends) => {
        const sent = lengths.map((length, index) => Buffer.alloc(length, `${index}:${length};`));
        const { reader: one, frames } = reader({ trusted, lends });
        // After a few tiny pieces the pattern is left, so that large frames do not take a million steps.
        const chunk = (index: number) =>
          index < 500 ? (pattern[index % pattern.length] as number) : 65536;
        feed(one, stream(sent), chunk);
        assert.equal(frames.length, sent.length);
        for (const [index, frame] of frames.entries())
          assert.ok(frame.equals(sent[index] as Buffer));
      },
    ),
    { numRuns: 60 },
  );
});

test("a frame outlives the frames after it", () => {
  const { reader: one, frames } = reader();
  feed(one, stream([Buffer.from("first")]), () => 100);
  feed(one, stream([Buffer.from("other")]), () => 100);
  assert.deepEqual(frames.map(String), ["first", "other"]);
});

test("small frames are lent where the owner wants that, and large ones are his", () => {
  const lent: boolean[] = [];
  const onFrame = (_: Buffer, isLent: boolean) => void lent.push(isLent);
  const one = new FrameReader({ maxFrameBytes: mebibyte, trusted: true, lends: true, onFrame });
  feed(one, stream([Buffer.alloc(10), Buffer.alloc(16_000), Buffer.alloc(40_000)]), () => 1000);
  assert.deepEqual(lent, [true, true, false]);
});

test("the rest of a large frame is read to where it stays", () => {
  const { reader: one, frames } = reader();
  const frame = Buffer.alloc(300_000, "x");
  const bytes = stream([frame]);
  bytes.copy(one.target(), 0, 0, 1000);
  one.filled(1000);
  const target = one.target();
  assert.equal(target.length, frame.length - 996);
  bytes.copy(target, 0, 1000);
  one.filled(target.length);
  assert.equal(frames[0]?.buffer, target.buffer);
  assert.ok(frames[0]?.equals(frame));
});

test("a sender that is not trusted gets memory only as bytes arrive", () => {
  const { reader: one, frames } = reader({ trusted: false });
  const length = 50 * mebibyte;
  lengthOf(length).copy(one.target());
  one.filled(4);
  let arrived = 0;
  let capacity = 0;
  while (frames.length === 0) {
    const target = one.target();
    capacity = target.buffer.byteLength;
    assert.ok(capacity <= Math.max(mebibyte, 2 * arrived), `${capacity} for ${arrived}`);
    const count = Math.min(target.length, 65536);
    one.filled(count);
    arrived += count;
  }
  assert.equal(arrived, length);
  assert.equal(frames[0]?.length, length);
});

test("lengths that cannot be are refused", () => {
  const refused = (length: number, code: string) => {
    const { reader: one } = reader({ maxFrameBytes: 1000 });
    lengthOf(length).copy(one.target());
    assert.throws(
      () => one.filled(4),
      (error) => error instanceof DecodeError && error.code === code,
    );
  };
  refused(0, "INVALID_LENGTH");
  refused(-1, "INVALID_LENGTH");
  refused(1001, "TOO_LARGE");
  // "HTTP", as a web server would answer.
  refused(0x48545450, "TOO_LARGE");
  const { reader: one, frames } = reader({ maxFrameBytes: 1000 });
  feed(one, stream([Buffer.alloc(1000)]), () => 400);
  assert.equal(frames.length, 1);
});
