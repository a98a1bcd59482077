import { expect, test } from "vitest";
import type { AssignedTask } from "../api.ts";
import { Clock } from "../clock.ts";
import type { Session } from "../sessions/session.ts";
import { HeldTasks } from "./held-tasks.ts";
import type { Route } from "./route.ts";

test("large inputs are not kept while a worker has the task", () => {
  const none = () => {};
  const heldTasks = new HeldTasks({ clock: new Clock(), onTimeout: none, onSilent: none, onSlotsFree: none });
  const hold = (id: string, input: string, parents: string) => {
    const task = { id, attempt: 1, metadata: '{"kept":1}', input, parents } as AssignedTask;
    const session = { held: new Map() } as unknown as Session;
    return heldTasks.hold(task, session, {} as Route, { deadlineMs: Date.now() + 60_000, sentAtMs: Date.now() }).task;
  };
  const large = "x".repeat(2000);
  const kept = { attempt: 1, metadata: '{"kept":1}', input: "", parents: "{}" };
  expect(hold("by input", large, "{}")).toMatchObject(kept);
  expect(hold("by parents", "{}", large)).toMatchObject(kept);
  expect(hold("small", '{"n":1}', "{}")).toMatchObject({ input: '{"n":1}' });
  heldTasks.stop();
});
