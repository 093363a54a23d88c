import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** Which layers a layer may look at, itself aside; files right under `src` are everyone's ground. */
const downhill: { readonly [layer: string]: readonly string[] } = {
  protocol: [],
  client: ["protocol"],
  broker: ["protocol"],
  streams: ["client", "protocol"],
  sql: ["streams"],
  console: ["sql", "streams", "client", "broker", "protocol"],
  cli: ["console", "sql", "streams", "client", "broker", "protocol"],
};

/** Files over 400 lines, each with its reason. */
const longFiles: { readonly [path: string]: string } = {};

/** Where files may name each other in a circle: a stream makes tables, and a table makes streams. */
const mutual = "src/streams/dsl/";

/** The one file each in which the outside world is touched. */
const edges: readonly { readonly pattern: RegExp; readonly only: readonly string[] }[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\)/, only: ["src/clock.ts"] },
  { pattern: /\bperformance\.now\b|\bhrtime\b/, only: ["src/clock.ts"] },
  { pattern: /\b(setTimeout|setInterval|setImmediate)\(|node:timers/, only: ["src/clock.ts"] },
  { pattern: /\bMath\.random\b|\brandom(Bytes|UUID|Int|FillSync)\b/, only: ["src/random.ts"] },
  { pattern: /AbortSignal\.timeout\b/, only: [] },
  { pattern: /["']node:(net|tls|dgram)["']/, only: ["src/network.ts"] },
  { pattern: /["']node:(http|https)["']/, only: ["src/http.ts"] },
  { pattern: /["']node:(fs|fs\/promises)["']/, only: ["src/disk.ts"] },
  // SQLite is there for its lock upon a file, which Node has no other way to take.
  { pattern: /["']node:sqlite["']/, only: ["src/disk-lock.ts"] },
  { pattern: /["']node:zlib["']/, only: ["src/protocol/compression.ts"] },
];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = ["src", "test", "bench", "examples", "tools"].flatMap(filesBelow).map(read);
const product = sources.filter(({ path }) => path.startsWith("src/"));
const shipped = product.filter(({ path }) => !path.endsWith(".test.ts"));

test("layers point downhill and are entered by their index", () => {
  const uphill: string[] = [];
  for (const { path, imports } of shipped) {
    const from = layerOf(path);
    for (const target of imports) {
      const to = layerOf(target);
      if (to === undefined || to === from) continue;
      const isTop = from === undefined && path === "src/index.ts";
      const isAllowed = isTop || (from !== undefined && downhill[from]?.includes(to));
      const isFace = target === `src/${to}/index.ts`;
      if (!isAllowed || !isFace) uphill.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(uphill, []);
});

test("no file imports itself by a detour", () => {
  const graph = new Map(shipped.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      const cycle = trail.slice(trail.indexOf(path));
      if (cycle.every((one) => one.startsWith(mutual))) return;
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assert.deepEqual(cycles, []);
});

test("files have at most 400 lines, exceptions with a reason", () => {
  const long = sources.filter(({ text }) => text.split("\n").length > 401).map(({ path }) => path);
  assert.deepEqual(
    long.filter((path) => !longFiles[path]),
    [],
  );
  const settled = Object.keys(longFiles).filter((path) => !long.includes(path));
  assert.deepEqual(settled, [], "these exceptions are no longer needed");
});

test("time, chance, network, files and thread-pool zlib are touched in one file each", () => {
  const touched: string[] = [];
  for (const { path, text } of shipped) {
    const code = withoutComments(text);
    for (const { pattern, only } of edges) {
      if (pattern.test(code) && !only.includes(path)) touched.push(`${path} uses ${pattern}`);
    }
  }
  assert.deepEqual(touched, []);
});

test("zlib is used in its synchronous form, off the thread pool", () => {
  const { text } = product.find(({ path }) => path === "src/protocol/compression.ts") as Source;
  const names = [...text.matchAll(/\bzlib\.(\w+)\(/g)].map(([, name]) => name as string);
  const imported = /import \{([^}]*)\} from "node:zlib"/.exec(text)?.[1] ?? "";
  const called = imported.split(",").map((name) => name.replace("type ", "").trim());
  const asynchronous = [...names, ...called].filter((name) =>
    /^(gzip|gunzip|deflate|inflate|zstd(De)?[cC]ompress|create\w+)$/.test(name),
  );
  assert.deepEqual(asynchronous, []);
});

test("every file is reached from a face, a script or a test", () => {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const next of sources.find((one) => one.path === path)?.imports ?? []) visit(next);
  };
  const faces = shipped.filter(({ path }) => /^src\/(\w+\/){0,2}(index|main)\.ts$/.test(path));
  for (const { path } of faces) visit(path);
  const dead = shipped.map(({ path }) => path).filter((path) => !reached.has(path));
  assert.deepEqual(dead, []);
});

test("every export has a doc comment", () => {
  const bare: string[] = [];
  const pattern =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:const|function\*?|class|interface|type) (\w+)/;
  for (const { path, text } of [...shipped, ...sources.filter(isTool)]) {
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      const name = pattern.exec(line)?.[1];
      if (name === undefined || isOverload(lines, index, name)) continue;
      if (!isDocumented(lines, index)) bare.push(`${path}:${index + 1} ${name}`);
    }
  }
  assert.deepEqual(bare, []);
});

test("nothing is left to do without an issue, and no test is switched off", () => {
  const marks: string[] = [];
  for (const { path, text } of sources) {
    if (path === "test/tidy.test.ts") continue;
    for (const [index, line] of text.split("\n").entries()) {
      const isTodo = /\b(TODO|FIXME|XXX)\b(?! #\d)/.test(line);
      if (isTodo || /\b(test|it|describe)\.(only|skip|todo)\(/.test(line)) {
        marks.push(`${path}:${index + 1}`);
      }
    }
  }
  assert.deepEqual(marks, []);
});

test("names in the tree are kebab-case nouns, not drawers", () => {
  const drawers = /(^|\/)(utils?|helpers?|common|types?|impl|internal|misc|lib)(\/|\.ts$)/;
  const odd = shipped
    .map(({ path }) => path)
    .filter((path) => path !== "src/protocol/wire-type.ts")
    .filter((path) => drawers.test(path) || !/^[a-z0-9./-]+$/.test(path));
  assert.deepEqual(odd, []);
});

test("ARCHITECTURE.md has a line for every file, and none for others", () => {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const missing = shipped
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("src/protocol/apis/") && !isHandlerOfApi(path))
    .filter((path) => !text.includes(`\`${path.slice("src/".length)}\``));
  assert.deepEqual(missing, []);
  const listed = [...text.matchAll(/^\| `([^`]+\.ts)`/gm)].map(([, path]) => `src/${path}`);
  const known = new Set(shipped.map(({ path }) => path));
  assert.deepEqual(
    listed.filter((path) => !known.has(path)),
    [],
  );
});

/** Whether it is a handler that bears the name of its API's declaration. */
function isHandlerOfApi(path: string): boolean {
  const declaration = path.replace("src/broker/handlers/", "src/protocol/apis/");
  return declaration !== path && shipped.some((one) => one.path === declaration);
}

function filesBelow(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
  return entries
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`);
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const imports = [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, target]) =>
    relative(root, join(root, dirname(path), target as string)),
  );
  return { path, text, imports };
}

function layerOf(path: string): string | undefined {
  return /^src\/(\w+)\//.exec(path)?.[1];
}

function isTool({ path }: Source): boolean {
  return path.startsWith("tools/") && !path.endsWith(".test.ts");
}

/** A line whose previous line declares the same name is a further signature of it. */
function isOverload(lines: readonly string[], index: number, name: string): boolean {
  for (let above = index - 1; above >= 0; above -= 1) {
    const line = lines[above] as string;
    if (line.startsWith(`export function ${name}`)) return true;
    if (line === "" || line.startsWith("}")) return false;
  }
  return false;
}

function isDocumented(lines: readonly string[], index: number): boolean {
  let above = index - 1;
  while (/^\/\/ biome-ignore/.test(lines[above] ?? "")) above -= 1;
  return /\*\/$/.test(lines[above] ?? "");
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
