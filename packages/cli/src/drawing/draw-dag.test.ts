import { describe, expect, it } from "vitest";
import { drawDag } from "./draw-dag.ts";
import type { TaskState, TaskView } from "./run-view.ts";

const NOW = Date.parse("2026-01-01T00:00:10Z");

function task(name: string, parents: string[], state: TaskState = "done", attempt = 1): TaskView {
  const startedAt = state === "waiting" ? undefined : "2026-01-01T00:00:09.580Z";
  const finishedAt = state === "done" || state === "failed" ? "2026-01-01T00:00:10Z" : undefined;
  return { key: name, name, parents, state, attempt, startedAt, finishedAt, errors: [] };
}

function draw(views: TaskView[], columns = 120): string[] | undefined {
  return drawDag(views, { paint: (_style, text) => text, columns, nowMs: NOW, tick: -1 });
}

describe("a drawing of a run", () => {
  it("shows one task without any lines", () => {
    expect(draw([task("resize", [])])).toEqual(["✓ resize", "  0.42 s"]);
  });

  it("shows what comes after what, and how each task is", () => {
    const views = [
      task("check-stock", []),
      task("charge-card", ["check-stock"], "retrying", 2),
      task("pack", ["check-stock"], "running"),
      task("ship", ["charge-card", "pack"], "waiting"),
    ];
    expect(draw(views)?.join("\n")).toBe(
      [
        "                  ┌─ ↻ charge-card ────┐",
        "✓ check-stock ────┤    failed, again   ├─ ○ ship",
        "  0.42 s          └─ ● pack ───────────┘",
        "                       0.42 s",
      ].join("\n"),
    );
  });

  it("leads a line past the layers that it skips", () => {
    const views = [task("a", []), task("b", ["a"]), task("c", ["b"]), task("d", ["a", "c"])];
    expect(draw(views)?.join("\n")).toBe(
      [
        "                  ┌─ ✓ b ────────────────── ✓ c ──────────────┐",
        "✓ a ──────────────┤    0.42 s                 0.42 s          ├─ ✓ d",
        "  0.42 s          └───────────────────────────────────────────┘    0.42 s",
      ].join("\n"),
    );
  });

  it("keeps uprights apart that do not lead to the same tasks", () => {
    const views = [task("a", []), task("b", []), task("c", ["a", "b"]), task("d", ["a", "b"]), task("e", ["b"])];
    expect(draw(views)?.join("\n")).toBe(
      [
        "                  ┌─┬─ ✓ c",
        "✓ a ──────────────┤ │    0.42 s",
        "  0.42 s          └─┼─ ✓ d",
        "✓ b ────────────────┤    0.42 s",
        "  0.42 s            └─ ✓ e",
        "                         0.42 s",
      ].join("\n"),
    );
  });

  it("says which attempt it is from the second on", () => {
    expect(draw([task("charge", [], "done", 3)])?.[1]).toBe("  0.42 s, try 3");
  });

  it("stands still while its tasks go on", () => {
    const at = (state: TaskState) => draw([task("a", [], state), task("b", ["a"], "waiting")])?.[0]?.indexOf("b");
    expect(new Set(["waiting", "running", "retrying", "done"].map((state) => at(state as TaskState))).size).toBe(1);
  });

  it("cuts a long name", () => {
    expect(draw([task("a-name-that-goes-on-and-on-and-on", [])])?.[0]).toBe("✓ a-name-that-goes-on-and…");
  });

  it("is not made where it does not fit", () => {
    const chain = ["a", "b", "c", "d", "e"].map((name, i, all) => task(name, i === 0 ? [] : [all[i - 1] as string]));
    expect(draw(chain, 80)).toBeUndefined();
    expect(draw(chain, 120)).toBeDefined();
  });
});
