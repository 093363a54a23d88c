import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../../tools/kafka/artifacts.ts";
import { run } from "./foreign-client.ts";

const directory = join(import.meta.dirname, "go");

/** What must be there for programs in Go. */
export const goToolChain = [["go", "version"]] as const;

/** Compiles one of the programs under `go` with the modules that its `go.sum` names. */
export async function goProgram(name: string): Promise<string[]> {
  const output = join(cacheDirectory, `clients-${name}`);
  const env = { ...process.env, CGO_ENABLED: "0" };
  await mkdir(cacheDirectory, { recursive: true });
  await run(["go", "build", "-o", output, `./${name}`], 170_000, { cwd: directory, env });
  return [output];
}
