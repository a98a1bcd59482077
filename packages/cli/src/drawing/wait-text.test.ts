import { describe, expect, it } from "vitest";
import type { Wait, WaitReason } from "../engine/waits.ts";
import { waitLines, waitSummary } from "./wait-text.ts";

const NOW_MS = Date.parse("2026-01-01T00:00:00Z");
const reason = (more: Partial<WaitReason>): WaitReason => ({
  rule: "busy",
  message: "all slots are taken",
  releasedBy: "one of the tasks ends",
  workers: [],
  tasks: [],
  ...more,
});
const wait = (...reasons: WaitReason[]): Wait => ({ taskExternalId: "t", taskName: "pay", reasons });

describe("why a run waits", () => {
  it("is said with who is in the way, what would help, and for how long it waits at most", () => {
    const busy = reason({
      workers: [{ workerId: "w", name: "mail", detail: "has 1 of 1 default slots in use" }],
      tasks: [{ taskExternalId: "017", detail: "pay runs on mail" }],
      deadline: "2026-01-01T00:04:05Z",
    });
    expect(waitLines([wait(busy)], NOW_MS)).toEqual([
      "pay: all slots are taken",
      "  mail has 1 of 1 default slots in use",
      "  pay runs on mail, task 017",
      "  released by: one of the tasks ends; its schedule timeout is in 4 min 5 s",
    ]);
  });

  it("names the end of a pause", () => {
    const pause = reason({ rule: "back_off", releasedBy: "the end of the pause", deadline: "2026-01-01T00:00:30Z" });
    expect(waitLines([wait(pause)], NOW_MS).at(-1)).toBe("  released by: the end of the pause, in 30.0 s");
  });

  it("leaves out what the graph shows", () => {
    expect(waitLines([wait(reason({ rule: "parents" })), wait(reason({ rule: "no_failure" }))], NOW_MS)).toEqual([]);
  });

  it("fits one line for a list", () => {
    const line = reason({ rule: "line", message: "2 tasks stand before it" });
    expect(waitSummary([wait(reason({}), line)])).toBe("all slots are taken; 2 tasks stand before it");
    expect(waitSummary([])).toBe("");
  });
});
