import type { Disk } from "../../disk.ts";
import { readWholeFile } from "./checkpoint-file.ts";

const fileName = "partition.metadata";

/** Reads the topic's id from a partition's directory; undefined where the file is missing or damaged. */
export function readTopicId(disk: Disk, directory: string): string | undefined {
  const text = readWholeFile(disk, `${directory}/${fileName}`)?.toString() ?? "";
  const found = /^version: 0\ntopic_id: ([\w-]{22})\s*$/.exec(text);
  return found ? uuidOf(found[1] as string) : undefined;
}

/** Writes the topic's id into a partition's directory (`PartitionMetadataFile`). */
export function writeTopicId(disk: Disk, directory: string, topicId: string): void {
  const file = disk.open(`${directory}/${fileName}`);
  try {
    file.truncate(0);
    file.write([Buffer.from(`version: 0\ntopic_id: ${kafkaText(topicId)}`)], 0);
  } finally {
    file.close();
  }
}

/** Kafka writes a UUID as its sixteen bytes in base64 for URLs. */
function kafkaText(uuid: string): string {
  return Buffer.from(uuid.replaceAll("-", ""), "hex").toString("base64url");
}

function uuidOf(text: string): string {
  const hex = Buffer.from(text, "base64url").toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
