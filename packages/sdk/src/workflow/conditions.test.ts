import { describe, expect, test } from "vitest";
import { conditionsToWire, Or } from "./conditions.ts";

const first = { name: "first" };

describe("conditionsToWire", () => {
  test("a task without conditions has none", () => {
    expect(conditionsToWire({}, "")).toBeUndefined();
  });

  test("conditions of a list are each a group of their own, alternatives share one", () => {
    const wire = conditionsToWire(
      { waitFor: [{ sleepFor: "10s" }, Or({ eventKey: "go" }, { parent: first, expression: "output.ok" })] },
      "dev_",
    );
    const [sleep] = wire?.sleepConditions ?? [];
    const [event] = wire?.userEventConditions ?? [];
    const [parent] = wire?.parentOverrideConditions ?? [];
    expect(sleep).toMatchObject({ sleepFor: "10s", base: { readableDataKey: "sleep-10s", action: 1 } });
    expect(event).toMatchObject({ userEventKey: "dev_go", base: { readableDataKey: "go", action: 1 } });
    expect(parent).toMatchObject({ parentReadableId: "first", base: { expression: "output.ok" } });
    expect(event?.base?.orGroupId).toBe(parent?.base?.orGroupId);
    expect(event?.base?.orGroupId).not.toBe(sleep?.base?.orGroupId);
  });

  test("cancelling and skipping are other actions", () => {
    const wire = conditionsToWire({ cancelIf: { sleepFor: 1000 }, skipIf: { parent: first } }, "");
    expect(wire?.sleepConditions[0]).toMatchObject({ sleepFor: "1000ms", base: { action: 2 } });
    expect(wire?.parentOverrideConditions[0]?.base?.action).toBe(3);
  });

  test("a time that is none is refused", () => {
    expect(() => conditionsToWire({ waitFor: { eventKey: "go", considerEventsSince: "lately" } }, "")).toThrow(
      "lately",
    );
  });
});
