import type { Disk } from "../../disk.ts";
import { readWholeFile, writeWholeFile } from "../log/checkpoint-file.ts";

const fileName = "quorum-state";

/** The epoch that `quorum-state` names (KIP-595), or 0: the log's own last epoch may be greater. */
export function readQuorumEpoch(disk: Disk, directory: string): number {
  const text = readWholeFile(disk, `${directory}/${fileName}`)?.toString();
  const found = /"leaderEpoch"\s*:\s*(\d+)/.exec(text ?? "");
  return Number(found?.[1] ?? 0);
}

/** Notes in `quorum-state`, version 0, that a quorum of one has elected its only node. */
export function writeQuorumState(
  disk: Disk,
  directory: string,
  { nodeId, epoch }: { readonly nodeId: number; readonly epoch: number },
): void {
  const state = {
    clusterId: "",
    leaderId: nodeId,
    leaderEpoch: epoch,
    votedId: -1,
    appliedOffset: 0,
    currentVoters: [{ voterId: nodeId }],
    data_version: 0,
  };
  writeWholeFile(disk, `${directory}/${fileName}`, JSON.stringify(state), { isSafe: false });
}
