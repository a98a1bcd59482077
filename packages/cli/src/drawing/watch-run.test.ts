import { describe, expect, it } from "vitest";
import type { Rest } from "../engine/rest.ts";
import type { RunDetails, Status, Summary } from "../engine/runs.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { watchRun } from "./watch-run.ts";

const SHAPE = [
  { taskExternalId: "t1", stepId: "s1", childrenStepIds: ["s2"], taskName: "fetch" },
  { taskExternalId: "t2", stepId: "s2", childrenStepIds: [], taskName: "store" },
];

function task(id: string, status: Status, more: Partial<Summary> = {}): Summary {
  const times = status === "QUEUED" ? {} : { startedAt: "2026-01-01T00:00:00Z" };
  const end = status === "COMPLETED" || status === "FAILED" ? { finishedAt: "2026-01-01T00:00:00.250Z" } : {};
  return { metadata: { id, createdAt: "" }, taskExternalId: id, displayName: id, status, ...times, ...end, ...more };
}

function look(status: Status, ...tasks: Summary[]): RunDetails {
  return { run: task("run", status), shape: SHAPE, tasks, taskEvents: [] };
}

/** A look after the first attempt of `fetch` has failed. */
function failed(details: RunDetails): RunDetails {
  const event = { taskId: "t1", eventType: "FAILED", attempt: 1, errorMessage: "line busy" };
  return { ...details, taskEvents: [event] };
}

/** An API that gives these answers one after the other. */
function answering(...looks: RunDetails[]): Rest {
  let next = 0;
  const get = async () => looks[Math.min(next++, looks.length - 1)];
  return { tenantId: "tenant", get: get as Rest["get"], post: get as Rest["post"], patch: get as Rest["patch"] };
}

const WITH_RETRY = [
  look("QUEUED", task("t1", "QUEUED"), task("t2", "QUEUED")),
  look("RUNNING", task("t1", "RUNNING", { attempt: 1 }), task("t2", "QUEUED")),
  failed(look("RUNNING", task("t1", "QUEUED", { attempt: 1 }), task("t2", "QUEUED"))),
  failed(look("RUNNING", task("t1", "RUNNING", { attempt: 2, retryCount: 1 }), task("t2", "QUEUED"))),
  failed(look("COMPLETED", task("t1", "COMPLETED", { attempt: 2, retryCount: 1 }), task("t2", "COMPLETED"))),
];

describe("watching a run", () => {
  it("tells what happened, a line each, where nobody looks", async () => {
    const io = memoryIo();
    const ended = await watchRun(answering(...WITH_RETRY), "run", io.out);
    expect(ended.run.status).toBe("COMPLETED");
    expect(io.outText()).toBe(
      [
        "  fetch runs",
        "  fetch failed and will be tried again: line busy",
        "  fetch runs, attempt 2",
        "  fetch is done after 0.25 s, at attempt 2",
        "  store is done after 0.25 s",
        "",
      ].join("\n"),
    );
  });

  it("draws it on a terminal, leaves the last drawing there, and shows the cursor again", async () => {
    const io = memoryIo({ isTerminal: true });
    await watchRun(answering(...WITH_RETRY), "run", io.out);
    const text = io.outText();
    expect(text.slice(text.lastIndexOf("\u001b[J") + 3)).toBe(
      "  ✓ fetch ──────────── ✓ store\n    0.25 s, try 2        0.25 s\n\u001b[?25h",
    );
    expect(text.split("\u001b[?25l")).toHaveLength(2);
  });

  it("ends when it is told to, with the cursor shown", async () => {
    const io = memoryIo({ isTerminal: true });
    const stopping = new AbortController();
    const watching = watchRun(answering(WITH_RETRY[1] as RunDetails), "run", io.out, stopping.signal);
    stopping.abort();
    await expect(watching).rejects.toMatchObject({ name: "AbortError" });
    expect(io.outText().endsWith("\u001b[?25h")).toBe(true);
  });
});
