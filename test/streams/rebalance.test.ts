import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { countingApp, inputTopic, longSession } from "../counting-app.ts";
import { CountingScene } from "../counting-scene.ts";

test("instances that come and go while records flow count what one instance would", async (t) => {
  const scene = await CountingScene.start();
  t.after(() => scene.close());
  const group = "relay";
  const instance = async (name: string) => {
    const { bootstrapServers } = scene.broker;
    const app = countingApp(group, bootstrapServers, scene.stateDir(name), longSession);
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
  assert.deepEqual(await scene.results(), scene.written);
});

test("an instance that is killed loses nothing: every record is counted at least once", async (t) => {
  const scene = await CountingScene.start();
  t.after(() => scene.close());
  const group = "survivors";
  scene.flow();
  const app = countingApp(group, scene.broker.bootstrapServers, scene.stateDir("steady"));
  t.after(() => app.close());
  await app.start();
  for (const name of ["mortal", "mortal"]) {
    const child = await scene.child(group, name);
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
