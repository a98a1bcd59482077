import {
  BulkPushEventRequest,
  BulkTriggerWorkflowRequest,
  PushEventRequest,
  PutRateLimitRequest,
  ScheduleWorkflowRequest,
  v1,
} from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call } from "../support/grpc.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage, type TriggerFields } from "../support/raw-stage.ts";
import { expectRefusal } from "../support/refusal.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";
const NUL = '{"a":"\\u0000"}';

describe.concurrent("a trigger", () => {
  let stage: RawStage;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), undefined, "raw-refused");
  });
  afterAll(() => stage.close());

  const REFUSED: [title: string, fields: TriggerFields, code: string, text: RegExp][] = [
    ["an unknown workflow", { name: "no-such-workflow" }, "INVALID_ARGUMENT", /no-such-workflow/],
    ["an input that is no JSON", { input: "{bad" }, "INVALID_ARGUMENT", /invalid json/i],
    ["an input with an escaped NUL", { input: NUL }, "INVALID_ARGUMENT", /null character/],
    ["metadata that are no JSON", { additionalMetadata: "x" }, "INVALID_ARGUMENT", /invalid json/i],
    ["metadata with an escaped NUL", { additionalMetadata: NUL }, "INVALID_ARGUMENT", /null character/],
    ["priority 0", { priority: 0 }, "INVALID_ARGUMENT", /priority must be between 1 and 3, got 0/],
    ["priority 4", { priority: 4 }, "INVALID_ARGUMENT", /priority must be between 1 and 3, got 4/],
    ["a parent present but empty", { parentTaskRunExternalId: "" }, "INVALID_ARGUMENT", /must be a valid UUID/],
    ["a parent that is no UUID", { parentTaskRunExternalId: "x" }, "INVALID_ARGUMENT", /must be a valid UUID/],
    [
      "an unknown parent",
      { parentId: UNKNOWN, parentTaskRunExternalId: UNKNOWN, childIndex: 0 },
      "NOT_FOUND",
      /not found/,
    ],
    ["a desired worker that is no UUID", { desiredWorkerId: "abc" }, "INVALID_ARGUMENT", /must be a valid UUID/],
  ];

  test.each(REFUSED)("is refused for %s", async (_, fields, code, text) => {
    await expectRefusal(stage.trigger({}, fields), code, text);
  });

  test("of many is refused as a whole when one is wrong, and nothing is started", async () => {
    const marked = { additionalMetadata: `{"mark":"${stage.name}"}` };
    for (const wrong of [{ input: "{bad" }, { name: "no-such-workflow" }]) {
      const items = [{}, wrong].map((fields) => {
        return v1.TriggerWorkflowRequest.create({ name: stage.name, input: "{}", ...marked, ...fields });
      });
      const request = BulkTriggerWorkflowRequest.create({ workflows: items });
      await expectRefusal(call(stage.grpc, "workflows", "bulkTriggerWorkflow", request), "INVALID_ARGUMENT");
    }
    const since = new Date(Date.now() - 60_000).toISOString();
    const query = `since=${since}&only_tasks=false&additional_metadata=mark:${stage.name}`;
    const path = `/api/v1/stable/tenants/${stage.engine.tenantId}/workflow-runs?${query}`;
    expect((await stage.rest.get<Loose>(path)).rows).toEqual([]);
  });

  test("of none answers with none", async () => {
    const request = BulkTriggerWorkflowRequest.create({});
    expect((await call(stage.grpc, "workflows", "bulkTriggerWorkflow", request)).workflowRunIds).toEqual([]);
  });

  test.each<[string, TriggerFields]>([
    ["an empty input", { input: "" }],
    ["metadata with values that are no strings", { additionalMetadata: '{"n":1,"deep":{"a":[1]}}' }],
    ["metadata that are no object", { additionalMetadata: "[1]" }],
  ])("is taken with %s", async (_, fields) => {
    expect(await stage.trigger({}, fields)).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("by the newer call is refused for the same mistakes", async () => {
    const trigger = (fields: Partial<v1.TriggerWorkflowRunRequest>): Promise<unknown> => {
      const request = v1.TriggerWorkflowRunRequest.create({ workflowName: stage.name, ...fields });
      return call(stage.grpc, "admin", "triggerWorkflowRun", request);
    };
    await expectRefusal(trigger({ workflowName: "no-such-workflow" }), "INVALID_ARGUMENT", /no-such-workflow/);
    await expectRefusal(trigger({ input: Buffer.from("{bad") }), "INVALID_ARGUMENT");
    await expectRefusal(
      trigger({ input: Buffer.from("{}"), priority: 4 }),
      "INVALID_ARGUMENT",
      /between 1 and 3, got 4/,
    );
  });

  test("by a schedule, an event or a limit is refused for its mistakes", async () => {
    const unserved = { unserved: true };
    const schedule = ScheduleWorkflowRequest.create({ name: "no-such-workflow", schedules: [new Date()], input: "{}" });
    const scheduled = call(stage.grpc, "workflows", "scheduleWorkflow", schedule);
    await expectRefusal(scheduled, "NOT_FOUND", "workflow not found", unserved);

    const limit = call(stage.grpc, "workflows", "putRateLimit", PutRateLimitRequest.create({ key: "", limit: 1 }));
    await expectRefusal(limit, "INVALID_ARGUMENT", "key is required", unserved);

    const push = (fields: Parameters<typeof PushEventRequest.create>[0]): Promise<unknown> => {
      const request = PushEventRequest.create({ key: "k", payload: "{}", eventTimestamp: new Date(), ...fields });
      return call(stage.grpc, "events", "push", request);
    };
    await expectRefusal(push({ payload: "{bad" }), "INVALID_ARGUMENT", /invalid json/i, unserved);
    await expectRefusal(push({ payload: NUL }), "INVALID_ARGUMENT", /null character/, unserved);
    await expectRefusal(push({ priority: 4 }), "INVALID_ARGUMENT", /between 1 and 3/, unserved);
    await expectRefusal(push({ additionalMetadata: "x" }), "INVALID_ARGUMENT", /invalid json/i, unserved);

    const many = (count: number, key = "k"): Promise<unknown> => {
      const events = Array.from({ length: count }, () => ({ key, payload: "{}", eventTimestamp: new Date() }));
      return call(stage.grpc, "events", "bulkPush", BulkPushEventRequest.create({ events }));
    };
    await expectRefusal(many(0), "INVALID_ARGUMENT", "", unserved);
    await expectRefusal(many(1_001), "INVALID_ARGUMENT", "", unserved);
    await expectRefusal(many(2, ""), "INVALID_ARGUMENT", "", unserved);
    const replay = call(stage.grpc, "events", "replaySingleEvent", { eventId: UNKNOWN });
    await expectRefusal(replay, "UNIMPLEMENTED");
  });
});

describe.concurrent("acting on runs", () => {
  let stage: RawStage;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"));
  });
  afterAll(() => stage.close());

  test("cancel and replay refuse what they cannot understand, and take ids they do not know", async () => {
    const cancel = (request: Parameters<typeof v1.CancelTasksRequest.create>[0]): Promise<v1.CancelTasksResponse> => {
      return call(stage.grpc, "admin", "cancelTasks", v1.CancelTasksRequest.create(request));
    };
    const both = cancel({ externalIds: [UNKNOWN], filter: { since: new Date() } });
    await expectRefusal(both, "INVALID_ARGUMENT", "cannot provide both external ids and filter");
    await expectRefusal(cancel({ externalIds: ["x"] }), "INVALID_ARGUMENT", "invalid external id");
    expect((await cancel({})).cancelledTasks).toEqual([]);
    expect((await cancel({ externalIds: [UNKNOWN] })).cancelledTasks).toEqual([]);
    expect((await stage.replay(UNKNOWN)).replayedTasks).toEqual([]);
  });

  test("details are refused for an id that is none, or nobody's", async () => {
    await expectRefusal(stage.details("x"), "INVALID_ARGUMENT", "invalid external id");
    await expectRefusal(stage.details(UNKNOWN), "NOT_FOUND", "workflow run not found");
  });

  test("branching a task nobody knows is refused", async () => {
    const request = v1.BranchDurableTaskRequest.create({ taskExternalId: UNKNOWN, nodeId: 1, branchId: 1 });
    const branch = call(stage.grpc, "admin", "branchDurableTask", request);
    await expectRefusal(branch, "NOT_FOUND", "", { unserved: true });
  });
});
