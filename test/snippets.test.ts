import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "..");
/** Inside the repository, so that `millrace/…` is found as users find it. */
const folder = join(root, ".snippets");
after(() => rmSync(folder, { recursive: true, force: true }));

/** What examples may use without saying where it comes from. */
const surroundings: { readonly [name: string]: string } = {
  Client: 'import { Client } from "millrace/client";',
  json: 'import { json } from "millrace/client";',
  string: 'import { string } from "millrace/client";',
  closeOnSignal: 'import { closeOnSignal } from "millrace/client";',
  joinGroup: 'import { joinGroup } from "../src/client/group/membership.ts";',
  cluster: 'declare const cluster: import("../src/client/cluster.ts").Cluster;',
  events: 'declare const events: import("../src/client/group/membership.ts").MembershipEvents;',
  client: 'declare const client: import("millrace/client").Client;',
  admin: 'declare const admin: import("millrace/client").Admin;',
  producer: 'declare const producer: import("millrace/client").Producer;',
  consumer: 'declare const consumer: import("millrace/client").Consumer;',
  many: 'declare const many: import("millrace/client").ProducerRecord[];',
  KafkaStreams: 'import { KafkaStreams } from "millrace";',
  builder: 'declare const builder: import("millrace").StreamsBuilder;',
  Order: "interface Order { readonly item: string; readonly amount: number }",
  orders: "declare const orders: Order[];",
  ledger: "declare const ledger: { add(order: unknown): void };",
  priced: "declare function priced(order: Order, signal: AbortSignal): Promise<Order>;",
  charge: "declare function charge(...what: unknown[]): Promise<void>;",
};

/** What a page speaks of besides, or by the same name. */
const surroundingsOf: { readonly [page: string]: { readonly [name: string]: string } } = {
  "docs/async.md": {
    orders: 'declare const orders: import("millrace").KStream<string, Order>;',
    keyValueStore: 'import { keyValueStore } from "millrace";',
    KeyValueStore: 'import type { KeyValueStore } from "millrace";',
    PricedOrder: "interface PricedOrder extends Order { readonly price: number }",
    prices: "declare const prices: string;",
    profileOf:
      "declare function profileOf(key: string, since: string | null, signal: AbortSignal): Promise<{ readonly version: string }>;",
  },
};

test("the examples in the README, on other pages and in doc comments compile", () => {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const { from, code } of snippets()) {
    count += 1;
    writeFileSync(
      join(folder, `snippet-${count}.ts`),
      `// ${from}\n${complete(code, { ...surroundings, ...surroundingsOf[from] })}\nexport {};\n`,
    );
  }
  assert.ok(count > 5, `only ${count} examples were found`);
  const tsconfig = {
    extends: "../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(tsc, ["-p", folder], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

function* snippets(): Generator<{ from: string; code: string }> {
  const block = /```ts\n([\s\S]*?)```/g;
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const pages = docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
  for (const from of ["README.md", "tools/kafka/README.md", ...pages]) {
    const text = readFileSync(join(root, from), "utf8");
    for (const [, code = ""] of text.matchAll(block)) yield { from, code };
  }
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const name of sources.filter((one) => one.endsWith(".ts"))) {
    const text = readFileSync(join(root, "src", name), "utf8");
    const bare = text.replaceAll(/^ *\* ?/gm, "");
    for (const [, code = ""] of bare.matchAll(block)) yield { from: name, code };
  }
}

/** Adds what an example takes for granted, as far as it does not bring it along. */
function complete(code: string, known: { readonly [name: string]: string }): string {
  const needed = new Set<string>();
  const visit = (text: string): void => {
    for (const [name, line] of Object.entries(known)) {
      const isUsed = new RegExp(`\\b${name}\\b`).test(text);
      const isOwn = new RegExp(
        `(const|let|using|interface|function) ${name}\\b|import \\{[^}]*\\b${name}\\b`,
      );
      if (!isUsed || needed.has(line) || isOwn.test(code)) continue;
      needed.add(line);
      visit(line);
    }
  };
  visit(code.replaceAll(/"[^"]*"/g, '""').replaceAll(/\.\w+/g, ""));
  return [...needed, code].join("\n");
}
