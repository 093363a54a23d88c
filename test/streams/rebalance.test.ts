import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { countingApp, inputTopic } from "../counting-app.ts";
import { CountingScene } from "../counting-scene.ts";

test("instances that come and go while records flow count what one instance would", async (t) => {
  const scene = await CountingScene.start();
  t.after(() => scene.close());
  const group = "relay";
  const instance = async (name: string) => {
    const app = countingApp(group, scene.broker.bootstrapServers, scene.stateDir(name));
    t.after(() => app.close());
    await app.start();
    return app;
  };
  scene.flow();
  const one = await instance("one");
  await scene.shared(group, 1);
  const two = await instance("two");
  const three = await instance("three");
  assert.deepEqual(await scene.shared(group, 3), [4, 4, 4]);
  await one.close();
  assert.deepEqual(await scene.shared(group, 2), [6, 6]);
  await three.close();
  const again = await instance("one");
  assert.deepEqual(await scene.shared(group, 2), [6, 6]);
  await two.close();
  await scene.shared(group, 1);
  await scene.ebb();
  await scene.caughtUp(group, [inputTopic, `${group}-counts-repartition`]);
  await again.close();
  assert.deepEqual(sorted(await scene.results()), sorted(scene.written));
});

test("an instance that is killed loses nothing: every record is counted at least once", async (t) => {
  const scene = await CountingScene.start();
  t.after(() => scene.close());
  const group = "survivors";
  const program = join(import.meta.dirname, "..", "counting-child.ts");
  const instance = async (name: string) => {
    const settings = [group, scene.broker.bootstrapServers, scene.stateDir(name)];
    const child = spawn(process.execPath, ["--conditions=millrace-source", program, ...settings], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    await once(child.stdout, "data");
    return child;
  };
  scene.flow();
  const app = countingApp(group, scene.broker.bootstrapServers, scene.stateDir("steady"));
  t.after(() => app.close());
  await app.start();
  for (const name of ["mortal", "mortal"]) {
    const child = await instance(name);
    await scene.shared(group, 2);
    child.kill("SIGKILL");
    await once(child, "exit");
    await scene.shared(group, 1);
  }
  await scene.ebb();
  await scene.caughtUp(group, [inputTopic, `${group}-counts-repartition`]);
  await app.close();
  const results = await scene.results();
  for (const [word, count] of scene.written) {
    assert.ok((results.get(word) ?? 0) >= count, `${word} was written ${count} times`);
  }
});

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
}
