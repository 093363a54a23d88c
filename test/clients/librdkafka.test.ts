import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../tools/kafka/artifacts.ts";
import { run, suiteOf, usualScenarios } from "./foreign-client.ts";

const directory = join(import.meta.dirname, "python");

suiteOf({
  name: "confluent-kafka, which is librdkafka",
  toolChain: [["python3", "-c", "import ensurepip, venv"]],
  prepare,
  scenarios: usualScenarios,
});

/** Installs the client into an environment of its own, once for each version asked for. */
async function prepare(): Promise<string[]> {
  const requirements = join(directory, "requirements.txt");
  const key = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 8);
  const environment = join(cacheDirectory, `python-${key}`);
  const python = join(environment, "bin/python");
  const installed = join(environment, "installed");
  if (!existsSync(installed)) {
    await run(["python3", "-m", "venv", "--clear", environment], 60_000);
    await run([python, "-m", "pip", "install", "-q", "-r", requirements], 120_000);
    await run(["touch", installed], 1_000);
  }
  return [python, "-B", join(directory, "scenarios.py")];
}
