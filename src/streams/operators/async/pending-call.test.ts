import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { AnsweringService } from "../../../../test/answering-service.ts";
import { ManualClock } from "../../../../test/manual-clock.ts";
import { MillraceError } from "../../../errors.ts";
import { systemRandom } from "../../../random.ts";
import { type AsyncCall, type AsyncOptions, asyncSettings } from "../../async-options.ts";
import { noHeaders } from "../../message.ts";
import { PendingCall } from "./pending-call.ts";

type Options = AsyncOptions<string, string, string>;

/** One call, made as the options say, of a service that answers when it is told. */
class CallScene {
  readonly clock = new ManualClock();
  readonly service = new AnsweringService<string>();
  readonly tries: AsyncCall[] = [];
  readonly call: PendingCall<string, string, string>;
  settledCount = 0;

  constructor(
    options: Options,
    request = (call: AsyncCall): string | Promise<string> => this.service.ask(call.attempt),
  ) {
    const message = { key: "k", value: "v", timestamp: 7, headers: noHeaders };
    const metadata = { topic: "in", partition: 3, offset: 41 };
    const names = { applicationId: "app", taskId: "0_3", node: "NODE" };
    const place = { metadata, timestamp: 7, lane: "k", repetition: 0, origin: undefined };
    this.call = new PendingCall(
      message,
      { ...names, ...place },
      {
        settings: asyncSettings(options),
        clock: this.clock,
        random: { ...systemRandom, float: () => 0.5 },
        request: (_message, call) => {
          this.tries.push(call);
          return request(call);
        },
        settled: () => {
          this.settledCount += 1;
        },
      },
    );
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await setImmediate();
  }
}

test("a call that answers without a promise is settled when it has started", () => {
  const scene = new CallScene({}, () => "at once");
  assert.equal(scene.call.start(), true);
  assert.deepEqual(scene.call.result, { is: "value", value: "at once" });
  assert.equal(scene.settledCount, 0);
});

test("a call is tried again after waits that double, as often as it may", async () => {
  const scene = new CallScene({ retries: 3, retryBackoffMs: 100, retryBackoffMaxMs: 300 });
  assert.equal(scene.call.start(), false);
  for (const [attempt, wait] of [
    [1, 100],
    [2, 200],
    [3, 300],
  ] as const) {
    await scene.service.fail(attempt, new Error("busy"));
    await scene.pass(wait - 1);
    assert.equal(scene.tries.length, attempt);
    await scene.pass(1);
    assert.equal(scene.tries.length, attempt + 1);
  }
  await scene.service.answer(4, "at last");
  assert.deepEqual(scene.call.result, { is: "value", value: "at last" });
  assert.equal(scene.settledCount, 1);
});

test("all tries of a call have one idempotency key, made of where its record comes from", async () => {
  const scene = new CallScene({ retries: 1, retryBackoffMs: 0 });
  scene.call.start();
  await scene.service.fail(1, new Error("busy"));
  await scene.pass(0);
  const [first, second] = scene.tries;
  assert.match(first?.idempotencyKey ?? "", /^app\/0_3\/in-3-41\/NODE\/[0-9a-f]{16}$/);
  assert.equal(second?.idempotencyKey, first?.idempotencyKey);
  assert.deepEqual(
    scene.tries.map(({ attempt }) => attempt),
    [1, 2],
  );
});

test("a try that takes too long is aborted, and what it answers later is not looked at", async () => {
  const scene = new CallScene({ timeoutMs: 50, retries: 1, retryBackoffMs: 10 });
  scene.call.start();
  const signal = scene.tries[0]?.signal as AbortSignal;
  await scene.pass(49);
  assert.equal(signal.aborted, false);
  await scene.pass(1);
  assert.equal(signal.reason.code, "TIMED_OUT");
  await scene.pass(10);
  await scene.service.answer(1, "too late");
  assert.equal(scene.call.result, undefined);
  await scene.service.answer(2, "in time");
  assert.deepEqual(scene.call.result, { is: "value", value: "in time" });
});

test("a call whose last try times out has failed with TIMED_OUT", async () => {
  const scene = new CallScene({ timeoutMs: 50 });
  scene.call.start();
  await scene.pass(50);
  assert.equal(scene.call.result?.is, "failed");
  const { error } = scene.call.result as { readonly error: MillraceError };
  assert.equal(error.code, "TIMED_OUT");
  assert.equal(scene.settledCount, 1);
});

test("an error that trying again does not help against is final at once", async () => {
  const isRetriable = (error: unknown) => (error as Error).message === "busy";
  const scene = new CallScene({ retries: 5, isRetriable });
  scene.call.start();
  await scene.service.fail(1, new Error("no such customer"));
  assert.equal(scene.call.result?.is, "failed");
});

test("the handler chooses between the error, no record and another value", async () => {
  const decided: [Options["onError"], unknown][] = [
    [() => "drop", { is: "dropped" }],
    [() => ({ value: "instead" }), { is: "value", value: "instead" }],
    [() => "fail", { is: "failed", error: new Error("gone") }],
  ];
  for (const [onError, result] of decided) {
    const scene = new CallScene({ onError });
    scene.call.start();
    await scene.service.fail(1, new Error("gone"));
    assert.deepEqual(scene.call.result, result);
  }
});

test("the handler is told the error, the value, the key and the last try", async () => {
  const told: unknown[] = [];
  const onError: Options["onError"] = (error, value, key, { attempt, recordMetadata }) => {
    told.push((error as Error).message, value, key, attempt, recordMetadata?.offset);
    return "drop";
  };
  const scene = new CallScene({ onError, retries: 1, retryBackoffMs: 0 });
  scene.call.start();
  await scene.service.fail(1, new Error("first"));
  await scene.pass(0);
  await scene.service.fail(2, new Error("second"));
  assert.deepEqual(told, ["second", "v", "k", 2, 41]);
});

test("a handler that throws makes the call fail with what it threw", () => {
  const scene = new CallScene(
    {
      onError() {
        throw new Error("the handler's own");
      },
    },
    () => {
      throw new Error("the call's");
    },
  );
  assert.equal(scene.call.start(), true);
  assert.deepEqual(scene.call.result, { is: "failed", error: new Error("the handler's own") });
});

test("an aborted call aborts its signal, is not tried again and is never settled", async () => {
  const reason = new MillraceError("CLOSED", "over");
  const under = new CallScene({ retries: 1 });
  under.call.start();
  const signal = under.tries[0]?.signal as AbortSignal;
  under.call.abort(reason);
  assert.equal(signal.reason, reason);
  await under.service.fail(1, new Error("aborted"));
  await under.pass(10_000);
  assert.equal(under.tries.length, 1);
  assert.equal(under.settledCount, 0);
});

test("a call that is aborted between two tries is not tried again", async () => {
  const scene = new CallScene({ retries: 1, retryBackoffMs: 10 });
  scene.call.start();
  await scene.service.fail(1, new Error("busy"));
  scene.call.abort(new MillraceError("CLOSED", "over"));
  await scene.pass(10);
  assert.equal(scene.tries.length, 1);
});
