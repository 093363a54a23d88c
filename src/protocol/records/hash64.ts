import type { Codec, Type } from "../wire-type.ts";

const codec: Codec<string> = {
  decode: (reader) => reader.bytes(8).toString("hex"),
  encode: (writer, value) => writer.bytes(Buffer.from(value, "hex")),
};

/** An int64 that is no quantity but a hash, as 16 hexadecimal digits: all its bits count. */
export const hash64: Type<string> = { at: () => codec };

/** The hash that stands for none. */
export const zeroHash = "0000000000000000";
