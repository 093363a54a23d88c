import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const specifiers = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === "object")
  .map(([subpath]) => subpath.replace(".", "millrace"));

/** A program's folder that has the package from its archive, as `npm install` would leave it. */
const folder = mkdtempSync(join(tmpdir(), "millrace-package-"));
let packed: readonly string[] = [];

interface Archive {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

before(() => {
  const staged = join(folder, "staged");
  mkdirSync(staged);
  for (const name of ["package.json", "README.md", "CHANGELOG.md", "LICENSE"]) {
    cpSync(join(root, name), join(staged, name));
  }
  execFileSync(process.execPath, [join(root, "tools/build.ts"), join(staged, "dist")]);
  // Without scripts: what is to be packed has just been built.
  const pack = ["pack", "--json", "--ignore-scripts", "--workspaces=false"];
  const told = execFileSync("npm", pack, { cwd: staged, encoding: "utf8", stdio: "pipe" });
  const [archive] = Object.values<Archive>(JSON.parse(told));
  assert.ok(archive);
  packed = archive.files.map(({ path }) => path);
  const installed = join(folder, "node_modules", "millrace");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(staged, archive.filename), "-C", installed, "--strip=1"]);
  for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
after(() => rmSync(folder, { recursive: true }));

test("the packed manifest brings no Node along and asks for Node 24", () => {
  const packages = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const runtimes = Object.keys(packages).filter((name) =>
    /^(@millrace\/)?node(-bin)?(-|$)/.test(name),
  );
  assert.deepEqual(runtimes, []);
  assert.equal(manifest.engines.node, ">=24");
  assert.equal(manifest.scripts.install ?? manifest.scripts.postinstall, undefined);
});

test("the archive has the library, its maps and types, and its papers", () => {
  const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  assert.deepEqual(packed.filter((path) => !path.startsWith("dist/")).sort(), papers);
  const odd = /(?<!\.js|\.js\.map|\.d\.ts)$|\.test\./;
  assert.deepEqual(
    packed.filter((path) => path.startsWith("dist/") && odd.test(path)),
    [],
  );
  const programs = packed.filter((path) => path.endsWith(".js"));
  assert.deepEqual(
    programs.filter((path) => !packed.includes(`${path}.map`)),
    [],
  );
  // Few files are what makes the package start fast.
  assert.ok(programs.length < 40, `${programs.length} files of JavaScript`);
});

test("each subpath can be imported", () => {
  for (const specifier of specifiers) {
    const names = run(
      `import * as face from "${specifier}"; console.log(Object.keys(face).length)`,
    );
    assert.ok(Number(names) > 0, `${specifier} exports nothing`);
  }
});

test("an error is of one class, whatever subpath it comes from", () => {
  const script = `
    const faces = await Promise.all(${JSON.stringify(specifiers)}.map((name) => import(name)));
    console.log(new Set(faces.map(({ MillraceError }) => MillraceError).filter(Boolean)).size);
  `;
  assert.equal(run(script), "1");
});

test("programs without this project's settings compile against the types of each subpath", () => {
  const imports = specifiers.map(
    (specifier, index) => `import * as _${index} from "${specifier}";`,
  );
  const uses = specifiers.map((_, index) => `_${index}`).join(", ");
  writeFileSync(join(folder, "program.ts"), `${imports.join("\n")}\nconsole.log(${uses});\n`);
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--types", "node"];
  const tsc = join(root, "node_modules", ".bin", "tsc");
  execFileSync(tsc, [...options, "program.ts"], { cwd: folder, encoding: "utf8" });
});

test("records pass a broker and a client, and codecs and stores are found when they are needed", () => {
  const script = `
    import { Broker } from "millrace/broker";
    import { Client, string } from "millrace/client";
    import { lmdb } from "millrace";
    await using broker = await Broker.start({ port: 0 });
    await using client = new Client({ bootstrapServers: broker.bootstrapServers });
    const topic = { name: "orders", numPartitions: 1 };
    await client.admin().topics.create(topic);
    const codecs = ["gzip", "snappy", "lz4", "zstd"];
    for (const compression of codecs) {
      await using producer = client.producer({ compression });
      await producer.send({ topic: "orders", value: compression });
    }
    const assignment = [{ topic: "orders", partition: 0 }];
    const options = { assignment, autoOffsetReset: "earliest", value: string };
    await using consumer = client.consumer(options);
    const seen = [];
    for await (const batch of consumer) {
      for (const { value } of batch) seen.push(value);
      if (seen.length === codecs.length) break;
    }
    const state = await lmdb().open(process.argv[1]);
    state.close();
    console.log(seen.join(" "));
  `;
  assert.equal(run(script, join(folder, "state")), "gzip snappy lz4 zstd");
});

test("the command tells its version", () => {
  const command = join(folder, "node_modules/millrace", manifest.bin.millrace);
  const version = execFileSync(process.execPath, [command, "--version"], { encoding: "utf8" });
  assert.equal(version.trim(), manifest.version);
});

test("stack traces lead to the sources where source maps are asked for", () => {
  const script = `
    import { StreamsBuilder } from "millrace";
    try {
      new StreamsBuilder().stream("orders", { name: "not a name" });
    } catch (error) {
      console.log(error.stack);
    }
  `;
  assert.match(run(script), /src\/streams\/name\.ts:\d+/);
});

/** Runs a program beside the installed package, and gives what it printed. */
function run(script: string, ...args: readonly string[]): string {
  const flags = ["--enable-source-maps", "--input-type=module", "-e", script, "--", ...args];
  return execFileSync(process.execPath, flags, { cwd: folder, encoding: "utf8" }).trim();
}
