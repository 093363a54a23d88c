/** The keys and values that every engine sends: 100,000 keys, 1,000 different values, ASCII. */
export function input(valueBytes: number): {
  readonly keyAt: (index: number) => string;
  readonly valueAt: (index: number) => string;
} {
  const keys = Array.from({ length: 100_000 }, (_, index) => `key-${index}`);
  const alphabet = "abcdefghijklmnopqrstuvwxyz";
  const filler = alphabet.repeat(valueBytes / 26 + 1).slice(0, valueBytes - 8);
  const values = Array.from(
    { length: 1_000 },
    (_, index) => String(index).padStart(8, "0") + filler,
  );
  return {
    keyAt: (index) => keys[(index * 7919) % keys.length] as string,
    valueAt: (index) => values[index % values.length] as string,
  };
}
