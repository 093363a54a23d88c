import { lmdb } from "../src/streams/stores/lmdb.ts";

/** Commits a number to two stores and as an offset, over and over, and says which one is committed. */
const [directory] = process.argv.slice(2);
const state = await lmdb().open(directory as string);
const key = Buffer.from("n");
let number = state.offset("a") ?? 0;
for (;;) {
  number += 1;
  const value = Buffer.from(`${number}`);
  for (let index = 0; index < 50; index += 1) {
    state.rows("a").put(Buffer.from(`${index}`), value);
    state.rows(`b.${number % 5}`).put(Buffer.from(`${index}`), value);
  }
  state.rows("a").put(key, value);
  state.rows("b").put(key, value);
  if (number % 5 === 0) state.drop(`b.${(number + 2) % 5}`);
  state.commit(new Map([["a", number]]));
  process.stdout.write(`${number}\n`);
}
