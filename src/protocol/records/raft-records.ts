import { message } from "../api.ts";
import { Writer } from "../bytes.ts";
import { RecordBatchBuilder } from "../record-batch-builder.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, int64 } from "../wire-type.ts";

const isFlexible = () => true;
const voters = array(struct({ voterId: int32 }));

/** Begins the epoch of a leader in a Raft log: who leads, who may vote, who did (KIP-595). */
const LeaderChangeMessage = message(
  { name: "LeaderChangeMessage", versions: [0, 0], isFlexible },
  struct({ version: int16, leaderId: int32, voters, grantingVoters: voters }),
);
const SnapshotHeader = message(
  { name: "SnapshotHeaderRecord", versions: [0, 0], isFlexible },
  struct({ version: int16, lastContainedLogTimestamp: int64 }),
);
const SnapshotFooter = message(
  { name: "SnapshotFooterRecord", versions: [0, 0], isFlexible },
  struct({ version: int16 }),
);

/** `ControlRecordType`'s numbers. */
const controlTypes = { leaderChange: 2, snapshotHeader: 3, snapshotFooter: 4 } as const;

/** Builds the control batch that a leader's epoch begins with, in a quorum of one (kraft.version 0). */
export function leaderChangeBatch(leaderId: number, timestamp: number): Buffer {
  const writer = new Writer();
  const itself = [{ voterId: leaderId }];
  const value = { version: 0, leaderId, voters: itself, grantingVoters: itself };
  LeaderChangeMessage.encode(writer, 0, value);
  return controlBatch(controlTypes.leaderChange, writer.toBuffer(), timestamp);
}

/** Builds the control batch that a snapshot begins with (KIP-630). */
export function snapshotHeaderBatch(lastContainedLogTimestamp: number, timestamp: number): Buffer {
  const writer = new Writer();
  SnapshotHeader.encode(writer, 0, { version: 0, lastContainedLogTimestamp });
  return controlBatch(controlTypes.snapshotHeader, writer.toBuffer(), timestamp);
}

/** Builds the control batch that a snapshot ends with; a snapshot without it is not whole (KIP-630). */
export function snapshotFooterBatch(timestamp: number): Buffer {
  const writer = new Writer();
  SnapshotFooter.encode(writer, 0, { version: 0 });
  return controlBatch(controlTypes.snapshotFooter, writer.toBuffer(), timestamp);
}

/** Whether the key of a control record is that of a snapshot's footer. */
export function isSnapshotFooter(key: Buffer | null): boolean {
  return key?.length === 4 && key.readInt16BE(2) === controlTypes.snapshotFooter;
}

function controlBatch(type: number, value: Buffer, timestamp: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(type, 2);
  const builder = new RecordBatchBuilder({ capacity: 256, isControl: true });
  builder.append(timestamp, key, value);
  return builder.finish();
}
