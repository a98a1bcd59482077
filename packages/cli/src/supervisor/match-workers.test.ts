import { describe, expect, it } from "vitest";
import type { Worker } from "../engine/workers.ts";
import { markingVariables, matchWorkers } from "./match-workers.ts";

function worker(id: string, more: Partial<Worker> = {}): Worker {
  return { metadata: { id }, name: "mail", status: "ACTIVE", ...more };
}

function labelled(id: string, key: string, value: string): Worker {
  return worker(id, { labels: [{ key, value }] });
}

const NONE: ReadonlySet<string> = new Set();
const copy = { tag: "c1", before: new Set(["old"]), workerIds: NONE };

describe("which workers run in a copy", () => {
  it("takes all that carry its label, and nothing else", () => {
    const list = [labelled("a", "helve-copy", "c1"), labelled("b", "helve-copy", "c1"), worker("new")];
    expect(matchWorkers(copy, list, NONE, undefined).map((match) => match.workerId)).toEqual(["a", "b"]);
  });

  it("knows the label that Go's SDK gives", () => {
    const [match] = matchWorkers(copy, [labelled("a", "hatchet-autoscaling-target", "c1")], NONE, undefined);
    expect(match).toEqual({ workerId: "a", by: "label" });
  });

  it("takes the only new one when there is no label", () => {
    const list = [worker("old"), worker("taken"), worker("new"), labelled("b", "helve-copy", "c2")];
    expect(matchWorkers(copy, list, new Set(["taken"]), undefined)).toEqual([{ workerId: "new", by: "time" }]);
  });

  it("does not guess between two", () => {
    expect(matchWorkers(copy, [worker("x"), worker("y")], NONE, undefined)).toEqual([]);
  });

  it("tells them apart by name when it is known", () => {
    const list = [worker("x", { name: "bills" }), worker("y")];
    expect(matchWorkers(copy, list, NONE, "mail")).toEqual([{ workerId: "y", by: "time" }]);
  });

  it("does not guess when it is not known what was there before, or when it has one already", () => {
    expect(matchWorkers({ ...copy, before: undefined }, [worker("x")], NONE, undefined)).toEqual([]);
    expect(matchWorkers({ ...copy, workerIds: new Set(["w"]) }, [worker("x")], NONE, undefined)).toEqual([]);
  });
});

describe("the variables of a copy", () => {
  it("leave alone what is set already", () => {
    expect(markingVariables("c1", { HATCHET_CLIENT_AUTOSCALING_TARGET: "mine" })).toEqual({
      HELVE_COPY: "c1",
      HATCHET_CLIENT_WORKER_PRESET_LABELS: '{"helve-copy":"c1"}',
    });
  });
});
