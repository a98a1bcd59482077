import {
  GroupKeyActionEvent,
  OverridesData,
  SDKS,
  UpsertWorkerLabelsRequest,
  WorkerRegisterRequest,
} from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call, type Ending } from "../support/grpc.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage } from "../support/raw-stage.ts";
import { RawWorker } from "../support/raw-worker.ts";
import { expectRefusal } from "../support/refusal.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";

describe.concurrent("the calls of a worker", () => {
  let stage: RawStage;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), undefined, "raw-worker");
  });
  afterAll(() => stage.close());

  type Registration = NonNullable<Parameters<typeof WorkerRegisterRequest.create>[0]>;
  function register(fields: Registration): Promise<{ workerId: string; workerName: string }> {
    const request = WorkerRegisterRequest.create({
      workerName: `${stage.name}-w`,
      actions: [stage.action()],
      ...fields,
    });
    return call(stage.grpc, "dispatcher", "register", request);
  }

  test.each<[string, Registration, RegExp]>([
    ["a name with a blank", { workerName: "a b" }, /name/i],
    ["an empty name", { workerName: "" }, /name/i],
    ["an action without a colon", { actions: ["nocolon"] }, /nocolon|action/i],
    ["slots given in both ways", { slots: 1, slotConfig: { default: 1 } }, /either slot_config or slots/],
  ])("registering is refused for %s", async (_, fields, text) => {
    await expectRefusal(register(fields), "INVALID_ARGUMENT", text);
  });

  test.each<[string, Registration]>([
    ["no actions", { actions: [] }],
    ["an action in mixed case", { actions: ["RawWf:A"] }],
    ["a label of neither kind", { labels: { x: {} } }],
    ["the language UNKNOWN", { runtimeInfo: { language: SDKS.UNKNOWN } }],
    [
      "runtime information",
      { runtimeInfo: { sdkVersion: "1.0.0", language: SDKS.GO, languageVersion: "go1.26", os: "linux" } },
    ],
  ])("registering is taken with %s", async (_, fields) => {
    expect((await register(fields)).workerId).toMatch(/^[0-9a-f-]{36}$/);
  });

  async function slotsShown(fields: Registration): Promise<Record<string, number>> {
    const { workerId } = await register(fields);
    const { slotConfig } = await stage.rest.get<Loose>(`/api/v1/workers/${workerId}`);
    return Object.fromEntries(Object.entries<Loose>(slotConfig).map(([kind, slots]) => [kind, slots.limit]));
  }

  test("slots are shown as they were asked for, and 100 when nothing was said", async () => {
    expect(await slotsShown({ slotConfig: { default: 2, durable: 3 } })).toEqual({ default: 2, durable: 3 });
    expect(await slotsShown({ slots: 7 })).toEqual({ default: 7 });
    expect(await slotsShown({})).toEqual({ default: 100 });
  });

  test("two workers of one name are two workers, and both work", async () => {
    const name = `${stage.name}-twin`;
    const [one, two] = [await stage.worker(1, ["a"], name), await stage.worker(1, ["a"], name)];
    expect(one.id).not.toBe(two.id);
    const runs = [await stage.trigger(), await stage.trigger()];
    const actions = [await one.next(), await two.next()];
    expect(new Set(actions.map((action) => action.workflowRunId))).toEqual(new Set(runs));
    await one.complete(actions[0] as never);
    await two.complete(actions[1] as never);
    one.close();
    two.close();
  });

  test.each([
    ["nobody's", UNKNOWN, "NOT_FOUND", /not found/],
    ["none", "nope", "INVALID_ARGUMENT", /invalid worker ID format: nope/],
  ])("an id that is %s is refused by every call", async (_, id, code, text) => {
    const refused: Ending = { code, text: expect.stringMatching(text) as never };
    for (const old of [false, true]) {
      const worker = RawWorker.again(stage.engine, id);
      await worker.listen({ heartbeats: false, old });
      expect(await worker.streamEnds()).toEqual(refused);
      worker.close();
    }
    const heartbeat = call(stage.grpc, "dispatcher", "heartbeat", { workerId: id, heartbeatAt: new Date() });
    await expectRefusal(heartbeat, code, text);
    await expectRefusal(call(stage.grpc, "dispatcher", "unsubscribe", { workerId: id }), code, text);
    const labels = UpsertWorkerLabelsRequest.create({ workerId: id });
    await expectRefusal(call(stage.grpc, "dispatcher", "upsertWorkerLabels", labels), code, text);
  });

  test("labels merge key by key, and may change their kind", async () => {
    const { workerId } = await register({ labels: { region: { strValue: "eu" }, memory: { intValue: 512 } } });
    const changed = { workerId, labels: { memory: { strValue: "much" }, zone: { intValue: 2 } } };
    await call(stage.grpc, "dispatcher", "upsertWorkerLabels", UpsertWorkerLabelsRequest.create(changed));
    const { labels } = await stage.rest.get<Loose>(`/api/v1/workers/${workerId}`);
    const shown = Object.fromEntries(labels.map((label: Loose) => [label.key, String(label.value)]));
    expect(shown).toEqual({ region: "eu", memory: "much", zone: "2" });
  });

  test("unsubscribing may be repeated, and the worker may come back", async () => {
    const worker = await stage.worker(1, ["a"], `${stage.name}-leaver`);
    for (const _ of [1, 2]) await call(stage.grpc, "dispatcher", "unsubscribe", { workerId: worker.id });
    worker.hangUp();
    await worker.streamEnds();
    await call(stage.grpc, "dispatcher", "unsubscribe", { workerId: worker.id });
    await worker.listen();
    await worker.heartbeat();
    worker.close();
  });

  test("calls nobody needs any more are answered", async () => {
    await call(stage.grpc, "dispatcher", "putOverridesData", OverridesData.create({}));
    const groupKey = call(stage.grpc, "dispatcher", "sendGroupKeyActionEvent", GroupKeyActionEvent.create({}));
    await expectRefusal(groupKey, "UNIMPLEMENTED");
  });
});
