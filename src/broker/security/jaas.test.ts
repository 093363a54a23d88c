import assert from "node:assert/strict";
import { test } from "node:test";
import { usersOfJaas } from "./jaas.ts";

const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";

test("users are the options user_… of PlainLoginModule", () => {
  const text = `${plain} username="admin" password="x" user_admin="x" user_a-b='q"\\\\;';`;
  assert.deepEqual(
    [...usersOfJaas(text)],
    [
      ["admin", "x"],
      ["a-b", 'q"\\;'],
    ],
  );
  const other = "org.apache.kafka.common.security.scram.ScramLoginModule required user_a=b;";
  assert.deepEqual([...usersOfJaas(other)], []);
});

test("a malformed text is refused", () => {
  for (const text of [
    `${plain} user_a="x"`,
    `${plain} user_a;`,
    `${plain} user_a = ;`,
    `${plain} %;`,
  ]) {
    assert.throws(() => usersOfJaas(text), { code: "INVALID_ARGUMENT" });
  }
});
