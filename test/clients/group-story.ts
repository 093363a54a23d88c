import assert from "node:assert/strict";
import { until } from "../until.ts";

/** A consumer of a group, which commits what it reads. */
export interface Member {
  /** How many partitions it holds. */
  held(): number;
  /** What it has read and committed so far. */
  values(): readonly string[];
  leave(): Promise<void>;
}

/** What a client does in the story of a group. */
export interface GroupStory {
  join(): Promise<Member>;
  /** Writes the numbers of a range, each to the partition that is its rest by four. */
  write(from: number, to: number): Promise<void>;
  /** Called while two members are there. */
  whileTwo(): Promise<void>;
}

const partitions = 4;
const patienceMs = 30_000;

/** Members of a group come and go, and each record is read once; who resumes reads only what is new. */
export async function tellGroup({ join, write, whileTwo }: GroupStory): Promise<void> {
  const one = await join();
  await until("one member has all", () => one.held() === partitions, patienceMs);
  await write(0, 100);
  await until("all is read", () => one.values().length >= 100, patienceMs);

  const other = await join();
  const both = () => [...one.values(), ...other.values()].sort(byNumber);
  await until("each has half", () => one.held() === 2 && other.held() === 2, patienceMs);
  await write(100, 200);
  await until("all is read", () => both().length >= 200, patienceMs);
  assert.deepEqual(both(), numbers(0, 200));
  assert.notDeepEqual(other.values(), []);
  await whileTwo();

  await other.leave();
  await until("one has all again", () => one.held() === partitions, patienceMs);
  await write(200, 300);
  await until("the rest is read", () => both().length >= 300, patienceMs);
  assert.deepEqual(both(), numbers(0, 300));
  await one.leave();

  const again = await join();
  await write(300, 350);
  await until("the new records are read", () => again.values().length >= 50, patienceMs);
  assert.deepEqual([...again.values()].sort(byNumber), numbers(300, 350));
  await again.leave();
}

/** The numbers of a range as text. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index));
}

/** Orders texts by the numbers that they are. */
export function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}
