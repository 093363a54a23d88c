import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Message } from "../../src/protocol/api.ts";
import { type AnyApi, apis } from "../../src/protocol/apis/index.ts";
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from "../../src/protocol/consumer-protocol.ts";

/** What Apache Kafka's Java code says of one API. */
export interface ApiFacts {
  readonly api: string;
  readonly key: number;
  readonly versions: readonly [oldest: number, newest: number];
  readonly newestStable: number;
  /** The versions of the request's header, one for each version of the API. */
  readonly requestHeaders: readonly number[];
  /** The versions of the response's header, one for each version of the API. */
  readonly responseHeaders: readonly number[];
}

/** One message as Apache Kafka's Java code encodes it; bytes within the value are hex. */
export interface Vector {
  readonly message: string;
  readonly version: number;
  readonly style: "minimal" | "typical" | "rich" | "extreme";
  readonly hex: string;
  readonly value: unknown;
}

/** What Java does with a value for a field that a version lacks. */
export interface Loss {
  readonly message: string;
  readonly version: number;
  /** The field, as a JSON pointer. */
  readonly lost: string;
  /** A value that is not the field's default. */
  readonly sample: unknown;
  /** Whether Java refuses to encode the value; otherwise it lets go of it. */
  readonly refused: boolean;
  /** The message without the value. */
  readonly hex: string;
}

/** A message of ours that has vectors: the request or the response of an API, or one that stands alone. */
export interface Subject {
  readonly name: string;
  readonly codec: Message<unknown, unknown>;
  readonly versions: readonly [oldest: number, newest: number];
  isFlexible(version: number): boolean;
}

/**
 * Reads the vectors that `test/parity/jvm` recorded; `npm run vectors:record` records them anew, which
 * takes Java and Maven.
 */
export function readVectors(): { facts: ApiFacts[]; vectors: Vector[]; losses: Loss[] } {
  const packed = readFileSync(new URL("vectors.jsonl.gz", import.meta.url));
  const lines = gunzipSync(packed).toString().trimEnd().split("\n");
  const objects = lines.map((line): ApiFacts | Vector | Loss => JSON.parse(line));
  return {
    facts: objects.filter((one) => "api" in one),
    vectors: objects.filter((one) => "style" in one),
    losses: objects.filter((one) => "lost" in one),
  };
}

/** All messages that we declare and Java has vectors for. */
export const subjects: readonly Subject[] = [
  ...apis.flatMap(bothDirections),
  alone("ConsumerProtocolSubscription", ConsumerProtocolSubscription),
  alone("ConsumerProtocolAssignment", ConsumerProtocolAssignment),
];

function bothDirections({ name, request, response, versions, isFlexible }: AnyApi): Subject[] {
  return [
    { name: `${name}Request`, codec: request, versions, isFlexible },
    { name: `${name}Response`, codec: response, versions, isFlexible },
  ];
}

function alone(name: string, codec: Message<unknown, unknown>): Subject {
  return { name, codec, versions: [0, 3], isFlexible: () => false };
}
