import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterImage, TopicImage } from "../metadata/cluster-image.ts";
import { MetadataHashes } from "./metadata-hash.ts";

const id = "01020304-0506-0708-1112-131415161718";

function imageOf(counts: { readonly [name: string]: number }): ClusterImage {
  const topics = Object.entries(counts).map(([name, count]): [string, TopicImage] => {
    const partition = { leaderEpoch: 0, partitionEpoch: 0, directoryId: id };
    return [name, { name, id, partitions: new Array(count).fill(partition) }];
  });
  return { topics: new Map(topics) } as Partial<ClusterImage> as ClusterImage;
}

// The expected values come from hash4j 0.22.0, fed as Kafka 4.3.1's Utils does.
test("the hash of a group's topics is the one that Kafka has", () => {
  const image = imageOf({ "orders-é": 2 });
  assert.equal(new MetadataHashes().of(["orders-é"], image), "aeae098e6f28aed1");
  assert.equal(new MetadataHashes("rack").of(["orders-é"], image), "6711d5b93dc83010");
});

test("topics are taken in the order of their names, and only those that exist", () => {
  const image = imageOf({ a: 100, b: 1 });
  const hashes = new MetadataHashes();
  assert.equal(hashes.of(["b", "none", "a"], image), "3fd51156d86a293f");
  assert.equal(hashes.of(["none"], image), "0000000000000000");
});
