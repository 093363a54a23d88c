import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

// Makes what is published: JavaScript in a few files, with source maps, and the types of each file of
// `src`. Takes the folder to put it into, `dist` by default.
const root = join(import.meta.dirname, "..");
const dist = resolve(root, process.argv[2] ?? "dist");

interface Manifest {
  readonly bin: { readonly [command: string]: string };
  readonly exports: {
    readonly [subpath: string]: string | { readonly "millrace-source": string };
  };
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const faces = Object.values(manifest.exports).flatMap((target) =>
  typeof target === "string" ? [] : [target["millrace-source"]],
);
const commands = Object.values(manifest.bin).map((path) =>
  path.replace("./dist/", "./src/").replace(/\.js$/, ".ts"),
);

rmSync(dist, { recursive: true, force: true });
const compiler = join(root, "node_modules", ".bin", "tsc");
const project = ["-p", join(root, "tsconfig.build.json"), "--outDir", dist];
const { status } = spawnSync(compiler, project, { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
await build({
  absWorkingDir: root,
  entryPoints: [...faces, ...commands],
  outbase: "src",
  outdir: dist,
  bundle: true,
  // What several subpaths share is there once: an error of `millrace` is one of `millrace/client`.
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node24",
  sourcemap: true,
  legalComments: "none",
  logLevel: "warning",
});
