import type { Disk } from "../../disk.ts";
import { MillraceError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { readWholeFile, writeWholeFile } from "../log/checkpoint-file.ts";

/** What a log directory says of whose it is: `meta.properties`, version 1. */
export interface MetaProperties {
  /** 16 bytes in base64url, as Kafka's `Uuid` is shown. */
  readonly clusterId: string;
  readonly nodeId: number;
  /** The directory's id, which the records of partitions name, as our protocol layer shows UUIDs. */
  readonly directoryId: string;
}

const fileName = "meta.properties";

/**
 * Reads `meta.properties`, or makes it with new ids where it is missing. Throws where the directory is
 * another node's or of a version that is not understood.
 */
export function openMetaProperties(
  disk: Disk,
  directory: string,
  options: {
    readonly nodeId: number;
    readonly random: Random;
    /** The cluster's id if the directory is new; any by default. */
    readonly clusterId?: string | undefined;
  },
): MetaProperties {
  const path = `${directory}/${fileName}`;
  const text = readWholeFile(disk, path)?.toString();
  if (text !== undefined) return checked(parse(text), path, options.nodeId);
  const made = {
    clusterId: options.clusterId ?? uuidToBase64(newUuid(options.random)),
    nodeId: options.nodeId,
    directoryId: newUuid(options.random),
  };
  writeWholeFile(disk, path, format(made), { isSafe: true });
  return made;
}

/** A random UUID that Kafka would take: one whose text does not begin with "-", and none of its reserved ones. */
export function newUuid(random: Random): string {
  let uuid = random.uuid();
  while (uuidToBase64(uuid).startsWith("-") || uuid.startsWith("00000000-0000-0000")) {
    uuid = random.uuid();
  }
  return uuid;
}

/** A UUID as Kafka's tools show it: 16 bytes in base64url without padding. */
export function uuidToBase64(uuid: string): string {
  return Buffer.from(uuid.replaceAll("-", ""), "hex").toString("base64url");
}

/** A UUID as our protocol layer shows it, from the form of Kafka's tools. */
function uuidFromBase64(text: string): string {
  const hex = Buffer.from(text, "base64url").toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}

function format({ clusterId, nodeId, directoryId }: MetaProperties): string {
  const lines = [
    `cluster.id=${clusterId}`,
    "version=1",
    `directory.id=${uuidToBase64(directoryId)}`,
    `node.id=${nodeId}`,
  ];
  return `${lines.join("\n")}\n`;
}

function parse(text: string): ReadonlyMap<string, string> {
  const pairs = text
    .split("\n")
    .filter((line) => line.includes("=") && !line.startsWith("#"))
    .map((line): [string, string] => {
      const split = line.indexOf("=");
      return [line.slice(0, split).trim(), line.slice(split + 1).trim()];
    });
  return new Map(pairs);
}

function checked(
  properties: ReadonlyMap<string, string>,
  path: string,
  nodeId: number,
): MetaProperties {
  const version = properties.get("version");
  const clusterId = properties.get("cluster.id");
  const directoryId = properties.get("directory.id");
  if (version !== "1" || clusterId === undefined || directoryId === undefined) {
    const message = `${path} is not one of version 1 with a cluster.id and a directory.id`;
    throw new MillraceError("INVALID_STATE", message);
  }
  const found = Number(properties.get("node.id"));
  if (found !== nodeId) {
    const message = `${path} belongs to node ${found}, and this is node ${nodeId}; give the broker that node's id or another directory`;
    throw new MillraceError("INVALID_STATE", message);
  }
  return { clusterId, nodeId, directoryId: uuidFromBase64(directoryId) };
}
