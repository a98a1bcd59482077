import { describe, expect, it } from "vitest";
import { defineConditions } from "./define-conditions.ts";
import type { BaseConditionRegistration, ConditionsRegistration } from "./workflow-registration.ts";

const GROUP_A = "3da28127-001f-44fc-bf93-97b39e767cd3";
const GROUP_B = "f9bfeec5-5e68-4cd2-9f44-2a28fd0ecab3";
const NIL = "00000000-0000-0000-0000-000000000000";

function define(input: ConditionsRegistration) {
  return defineConditions(input, ["start"], " of task 'a'");
}

function sleeps(...bases: BaseConditionRegistration[]): ConditionsRegistration {
  return {
    sleepConditions: bases.map((base) => ({
      base: { readableDataKey: "k", action: "QUEUE", ...base },
      sleepFor: "2s",
    })),
  };
}

function groups(...ids: (string | undefined)[]): (string | undefined)[] | undefined {
  return define(sleeps(...ids.map((orGroupId) => ({ orGroupId }))))?.sleeps.map(({ orGroup }) => orGroup);
}

describe("defineConditions", () => {
  it("answers nothing for no condition", () => {
    expect(define({})).toBeUndefined();
    expect(define({ sleepConditions: [], userEventConditions: [] })).toBeUndefined();
  });

  it("keeps the three kinds apart", () => {
    expect(
      define({
        parentOverrideConditions: [
          {
            base: { readableDataKey: "made up", action: "SKIP", expression: "output.v > 50" },
            parentReadableId: "start",
          },
        ],
        sleepConditions: [
          { base: { readableDataKey: "sleep:1m", action: "QUEUE", orGroupId: GROUP_A }, sleepFor: "1m" },
        ],
        userEventConditions: [
          { base: { readableDataKey: "go", action: "CANCEL", orGroupId: GROUP_A }, userEventKey: "order:go" },
        ],
      }),
    ).toEqual({
      parentOverrides: [{ key: "start", action: "skip", orGroup: "0", expression: "output.v > 50", parent: "start" }],
      sleeps: [{ key: "sleep:1m", action: "queue", orGroup: "1", expression: "", sleepForMs: 60_000, sleepFor: "1m" }],
      userEvents: [{ key: "go", action: "cancel", orGroup: "1", expression: "", eventKey: "order:go" }],
    });
  });

  it("numbers or-groups as they first appear and gives those without one their own", () => {
    expect(groups(GROUP_B, GROUP_A, GROUP_B)).toEqual(["0", "1", "0"]);
    expect(groups(GROUP_A, GROUP_B, GROUP_A.toUpperCase())).toEqual(["0", "1", "0"]);
    expect(groups("", NIL, undefined, GROUP_A)).toEqual(["0", "1", "2", "3"]);
  });

  it.each<[string, ConditionsRegistration, string]>([
    ["action CREATE", sleeps({ action: "CREATE" }), 'is "CREATE": it must be one of QUEUE, CANCEL, SKIP'],
    ["no action", sleeps({ action: undefined }), "action of a condition of task 'a' is missing"],
    ["an empty data key", sleeps({ readableDataKey: "" }), "readable_data_key of a condition of task 'a' is \"\""],
    ["an or-group that is no UUID", sleeps({ orGroupId: "x" }), "or_group_id of a condition of task 'a' is \"x\""],
    ["nothing but a sleep", { sleepConditions: [{ sleepFor: "1s" }] }, "readable_data_key of a condition"],
    [
      "a bad sleep",
      { sleepConditions: [{ base: { readableDataKey: "k", action: "QUEUE" }, sleepFor: "1d" }] },
      "sleep_for of a condition of task 'a' is \"1d\"",
    ],
    [
      "an empty event key",
      { userEventConditions: [{ base: { readableDataKey: "k", action: "QUEUE" }, userEventKey: "" }] },
      "user_event_key of a condition of task 'a' is \"\": it must not be empty",
    ],
    [
      "an override of a task that is no parent",
      { parentOverrideConditions: [{ base: { action: "SKIP" }, parentReadableId: "other" }] },
      "parent_readable_id of a condition of task 'a' is \"other\": it must be one of the task's parents",
    ],
  ])("refuses %s", (_, input, message) => {
    expect(() => define(input)).toThrow(message);
  });
});
