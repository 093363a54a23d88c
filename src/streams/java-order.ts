/**
 * The order in which Java's `HashSet` and `HashMap` go over strings. Kafka Streams prints and opens
 * some things in that order, and so do we, so that descriptions are equal and stores open alike.
 */
export function hashOrder(values: Iterable<string>, isCopied = false): string[] {
  const all = [...new Set(values)];
  const buckets = capacityFor(all.length, isCopied);
  const bucketOf = (value: string) => {
    const hash = stringHash(value);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  // Within a bucket the order is that of insertion; sorting is stable.
  return all.sort((one, other) => bucketOf(one) - bucketOf(other));
}

/** `String.hashCode()`. */
function stringHash(value: string): number {
  let hash = 0;
  for (let index = 0; index < value.length; index += 1) {
    hash = (Math.imul(hash, 31) + value.charCodeAt(index)) | 0;
  }
  return hash;
}

const smallestTable = 16;
const loadFactor = 0.75;

/** How many buckets a table has that grew to this size, or was made as a copy of a collection of it. */
function capacityFor(size: number, isCopied: boolean): number {
  let capacity = smallestTable;
  const wanted = isCopied ? Math.floor(size / loadFactor) + 1 : 0;
  while (capacity < wanted || size > capacity * loadFactor) capacity *= 2;
  return capacity;
}
