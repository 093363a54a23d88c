import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, boolean, int16, int32, int64, nullableArray, string } from "../wire-type.ts";

const partition = struct({
  partitionIndex: int32,
  partitionSize: int64,
  offsetLag: int64,
  isFutureKey: boolean,
});

/**
 * Shows the size of each partition in each of a broker's directories (KIP-113), and what room is
 * left (KIP-827).
 */
export const DescribeLogDirs = api({
  key: 35,
  name: "DescribeLogDirs",
  versions: [1, 5],
  flexible: 2,
  request: {
    topics: nullableArray(struct({ topic: string, partitions: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(3, int16, 0, "ignorable"),
    results: array(
      struct({
        errorCode: int16,
        logDir: string,
        topics: array(struct({ name: string, partitions: array(partition) })),
        totalBytes: since(4, int64, -1, "ignorable"),
        usableBytes: since(4, int64, -1, "ignorable"),
        isCordoned: since(5, boolean, false, "ignorable"),
      }),
    ),
  },
});
