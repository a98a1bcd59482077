import { PutWorkflowRequest, WorkflowKind } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call } from "../support/grpc.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage } from "../support/raw-stage.ts";

describe.concurrent("registering a workflow", () => {
  let stage: RawStage;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), [{ readableId: "a" }, { readableId: "b", parents: ["a"] }]);
  });
  afterAll(() => stage.close());

  type Definition = Parameters<RawStage["definition"]>;

  /** Each test has a workflow of its own: the first version, then another put. */
  async function versions(name: string, first: Definition, second: Definition): Promise<[Put, Put]> {
    const put = (definition: Definition): Promise<Put> =>
      call(stage.grpc, "admin", "putWorkflow", { ...stage.definition(...definition), name: `${stage.name}.${name}` });
    const one = await put(first);
    return [one, await put(second)];
  }

  const a = { readableId: "a" };
  const b = { readableId: "b", parents: ["a"] };

  test("the same definition again is the same version", async () => {
    const [one, two] = await versions("same", [[a, b]], [[a, b]]);
    expect(two).toEqual(one);
  });

  test("another version text, or another order of the tasks, makes no version", async () => {
    const [one, two] = await versions("order", [[a, b]], [[b, a], { version: "v2" }]);
    expect(two).toEqual(one);
  });

  test("another timeout makes a new version of the same workflow", async () => {
    const [one, two] = await versions("changed", [[a]], [[{ ...a, timeout: "61s" }]]);
    expect(two.workflowId).toBe(one.workflowId);
    expect(two.id).not.toBe(one.id);
  });

  test("another order of the event triggers makes a new version", async () => {
    const [one, two] = await versions(
      "events",
      [[a], { eventTriggers: ["x", "y"] }],
      [[a], { eventTriggers: ["y", "x"] }],
    );
    expect(two.id).not.toBe(one.id);
  });

  test("going back to an earlier definition makes it the newest again", async () => {
    const [, two] = await versions("back", [[a]], [[{ ...a, retries: 1 }]]);
    const [three] = await versions("back", [[a]], [[a]]);
    expect(three.id).not.toBe(two.id);
  });

  test.each(["1h30m", "1.5s", "500ms", "0h", ".5s"])("takes the timeout %s", async (timeout) => {
    const [one] = await versions(`timeout-${timeout}`, [[{ ...a, timeout }]], [[a]]);
    expect(one.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("keeps the spelling of a name, and lists it over REST", async () => {
    await versions("Good-name_1.2", [[a]], [[a]]);
    const path = `/api/v1/tenants/${stage.engine.tenantId}/workflows?name=${stage.name}.Good-name_1.2`;
    const { rows } = await stage.rest.get<Loose>(path);
    expect(rows.map((row: Loose) => row.name)).toContain(`${stage.name}.Good-name_1.2`);
  });

  test("takes the older request: the steps of all jobs are one workflow", async () => {
    const name = `${stage.name}.older`;
    const step = (readableId: string, parents: string[] = []): Loose => {
      return { readableId, action: `${name}:${readableId}`, timeout: "60s", inputs: "{}", parents };
    };
    const request = PutWorkflowRequest.create({
      opts: {
        name,
        kind: WorkflowKind.DAG,
        scheduleTimeout: "5m",
        jobs: [
          { name, steps: [step("one")] },
          { name: "other", steps: [step("two", ["one"])] },
        ],
        onFailureJob: { name: `${name}-on-failure`, steps: [step("hook")] },
      },
    });
    const version = await call(stage.grpc, "workflows", "putWorkflow", request);
    expect(version.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(version.workflowId).toMatch(/^[0-9a-f-]{36}$/);
    const worker = await stage.registeredWorker(5, [], `${stage.name}-none`);
    expect(worker.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await call(stage.grpc, "workflows", "putWorkflow", request)).id).toBe(version.id);
  });
});

interface Put {
  id: string;
  workflowId: string;
}
