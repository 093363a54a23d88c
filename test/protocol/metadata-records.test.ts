import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMetadataRecord, encodeMetadataRecord } from "../../src/protocol/index.ts";

test("metadata records have the bytes that Kafka 4.3.1 gives them", () => {
  const feature = { name: "metadata.version", featureLevel: 30 };
  const bytes = encodeMetadataRecord({ name: "FeatureLevelRecord", value: feature });
  assert.equal(bytes.toString("hex"), "010c00116d657461646174612e76657273696f6e001e00");
  assert.deepEqual(decodeMetadataRecord(bytes), { name: "FeatureLevelRecord", value: feature });
  const begin = { name: "BeginTransactionRecord", value: { name: "Bootstrap records" } } as const;
  const hex = `0117000100121242${Buffer.from("ootstrap records").toString("hex")}`;
  assert.equal(encodeMetadataRecord(begin).toString("hex"), hex);
});

test("bytes that are no metadata record are refused", () => {
  for (const hex of ["", "00", "020c00", "017f00", "010c05", "01140000ff"]) {
    assert.throws(
      () => decodeMetadataRecord(Buffer.from(hex, "hex")),
      { name: "DecodeError" },
      hex,
    );
  }
});
