import { describe, expect, it } from "vitest";
import type { RunDetails, Status, Summary } from "../engine/runs.ts";
import { viewOf } from "./run-view.ts";

const NIL = "00000000-0000-0000-0000-000000000000";

function step(name: string, children: string[], taskId = `task-${name}`): RunDetails["shape"][number] {
  return {
    taskExternalId: taskId,
    stepId: `step-${name}`,
    childrenStepIds: children.map((c) => `step-${c}`),
    taskName: name,
  };
}

function row(name: string, status: Status, more: Partial<Summary> = {}): Summary {
  return {
    metadata: { id: `task-${name}`, createdAt: "" },
    taskExternalId: `task-${name}`,
    displayName: name,
    status,
    ...more,
  };
}

describe("the view of a run", () => {
  it("puts parents before their children, whatever the order of the steps", () => {
    const shape = [step("c", []), step("b", ["c"]), step("a", ["b", "c"])];
    const views = viewOf({ shape, tasks: [], taskEvents: [] });
    expect(views.map((view) => view.name)).toEqual(["a", "b", "c"]);
    expect(views[2]?.parents).toEqual(["step-b", "step-a"]);
  });

  it("takes a step without a task for waiting", () => {
    expect(viewOf({ shape: [step("a", [], NIL)], tasks: [], taskEvents: [] })[0]).toMatchObject({
      state: "waiting",
      attempt: 0,
    });
  });

  it.each([
    ["QUEUED", "waiting"],
    ["RUNNING", "running"],
    ["COMPLETED", "done"],
    ["FAILED", "failed"],
    ["CANCELLED", "cancelled"],
  ] as const)("shows %s as %s", (status, state) => {
    expect(viewOf({ shape: [step("a", [])], tasks: [row("a", status)], taskEvents: [] })[0]?.state).toBe(state);
  });

  it("knows a task between two attempts from one that has not begun", () => {
    const taskEvents = [
      { taskId: "task-a", eventType: "RETRYING", attempt: 2 },
      { taskId: "task-a", eventType: "FAILED", attempt: 1, errorMessage: "busy" },
      { taskId: "task-b", eventType: "FAILED", attempt: 1, errorMessage: "another task's" },
    ];
    const [view] = viewOf({ shape: [step("a", [])], tasks: [row("a", "QUEUED", { attempt: 1 })], taskEvents });
    expect(view).toMatchObject({ state: "retrying", errors: [{ attempt: 1, text: "busy" }] });
  });

  it("reads the errors that published clients send as JSON", () => {
    const errorMessage = JSON.stringify({ message: "no such card", stack: "Error: no such card\n    at …" });
    const tasks = [row("a", "FAILED", { errorMessage })];
    const [view] = viewOf({ shape: [step("a", [])], tasks, taskEvents: [] });
    expect(view?.errors).toEqual([{ attempt: 1, text: "no such card" }]);
  });

  it("shows a circle rather than waiting for its end", () => {
    const views = viewOf({ shape: [step("a", ["b"]), step("b", ["a"])], tasks: [], taskEvents: [] });
    expect(views.map((view) => view.name)).toEqual(["a", "b"]);
  });
});
