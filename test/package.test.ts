import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "millrace-package-"));
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

test("only the compiled library and its papers are packed", () => {
  assert.deepEqual(manifest.files, ["dist", "README.md", "CHANGELOG.md", "LICENSE"]);
});

test("each subpath of the compiled package can be imported with its types", async () => {
  const dist = join(folder, "dist");
  const tsc = join(root, "node_modules", ".bin", "tsc");
  execFileSync(tsc, ["-p", join(root, "tsconfig.build.json"), "--outDir", dist]);
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const subpaths = Object.entries<{ types: string; default: string }>(manifest.exports).filter(
    ([, target]) => typeof target === "object",
  );
  assert.ok(subpaths.length >= 3);
  for (const [subpath, target] of subpaths) {
    const specifier = subpath.replace(".", "millrace");
    const script = `import * as face from "${specifier}"; console.log(Object.keys(face).length)`;
    const names = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.ok(Number(names) > 0, `${specifier} exports nothing`);
    const types = join(folder, target.types);
    assert.ok(readFileSync(types, "utf8").length > 0, `${specifier} has no types`);
  }
  const tests = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".test."),
  );
  assert.deepEqual(tests, []);
});
