import { MillraceError } from "../../../errors.ts";
import type { TaskContext } from "../../node.ts";
import type { Serde } from "../../serde.ts";
import { toBuffer } from "../../stores/byte-text.ts";
import { serializerOf } from "../../stores/codec.ts";

/** The serdes of a foreign-key join, and the topic that its messages to the right side go through. */
export interface ForeignKeySerdes<K, V, L> {
  /** The left table's keys and values. */
  readonly primaryKey: Serde<K>;
  readonly value: Serde<V>;
  /** The right table's keys. */
  readonly foreignKey: Serde<L>;
  /** Without the application's id. */
  readonly topic: string;
}

/** What of a join becomes bytes; serdes are told of a topic of its own for each, which does not exist. */
export type Part = "-pk" | "-fk" | "-vh";

/** Makes bytes of one part of a join, in a task. */
export function bytesBy<T>(
  serde: Serde<T>,
  topic: string,
  part: Part,
  task: TaskContext,
): (value: T) => Buffer {
  const serialize = serializerOf(serde, `${task.applicationId}-${topic}${part}`, task);
  return (value) => {
    const serialized = serialize(value);
    if (serialized !== null) return toBuffer(serialized);
    const message = `a serde of the foreign-key join through ${topic} gave null for a key or value`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  };
}

const lengthBytes = 4;

/** The key of a subscription in its store, `int32 length ‖ foreign key ‖ primary key`, or what all of one foreign key begin with. */
export function combinedKey(foreignKey: Buffer, primaryKey: Buffer = noBytes): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes + foreignKey.length + primaryKey.length);
  bytes.writeInt32BE(foreignKey.length);
  foreignKey.copy(bytes, lengthBytes);
  primaryKey.copy(bytes, lengthBytes + foreignKey.length);
  return bytes;
}

/** The primary key in a combined key. */
export function primaryKeyIn(combined: Buffer): Buffer {
  return combined.subarray(lengthBytes + combined.readInt32BE(0));
}

const noBytes = Buffer.alloc(0);
