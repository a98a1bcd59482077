import { describe, expect, test } from "vitest";
import { type LegacyWorkflow, toDeclaration } from "./legacy-workflow.ts";
import { toRegistration } from "./registration.ts";

const workflow: LegacyWorkflow = {
  id: "old-flow",
  description: "from before",
  on: { event: "user:created" },
  timeout: "30s",
  scheduleTimeout: "2m",
  steps: [
    { name: "step2", parents: ["step1"], retries: 2, run: () => ({ ok: true }) },
    { name: "step1", timeout: "5s", worker_labels: { region: "eu" }, run: () => ({ ok: true }) },
  ],
  onFailure: { run: () => ({ told: true }) },
};

describe("workflows in their older form", () => {
  test("are stored as the present ones are", () => {
    const registration = toRegistration(toDeclaration(workflow).definition, "");
    expect(registration).toMatchObject({
      name: "old-flow",
      description: "from before",
      eventTriggers: ["user:created"],
      onFailureTask: { readableId: "on-failure-task" },
    });
    expect(registration.tasks).toMatchObject([
      { readableId: "step2", parents: ["step1"], retries: 2, timeout: "30s", scheduleTimeout: "2m" },
      { readableId: "step1", timeout: "5s", workerLabels: { region: { strValue: "eu" } } },
    ]);
  });

  test("a parent that is no step is refused", () => {
    const steps = [{ name: "a", parents: ["b"], run: () => ({}) }];
    expect(() => toDeclaration({ id: "f", steps })).toThrow("names the parent 'b'");
  });

  test("a concurrency key that only a function could compute is refused", () => {
    const steps = [{ name: "a", run: () => ({}) }];
    expect(() => toDeclaration({ id: "f", steps, concurrency: { key: () => "k" } })).toThrow("needs an expression");
  });
});
