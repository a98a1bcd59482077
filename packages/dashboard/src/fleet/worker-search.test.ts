import { describe, expect, it } from "vitest";
import { aWorker } from "../testing/a-worker.ts";
import { countStates, findWorkers, JUST_LOST_MS, labelsOf, NONE, readWorkerSearch } from "./worker-search.ts";

const beat = Date.parse("2026-01-01T00:00:00Z");
const names = (...args: Parameters<typeof findWorkers>) => findWorkers(...args).map(({ name }) => name);
const label = (key: string, value: string) => ({ key, value });

const late = aWorker("late", { liveness: "late" });
const lost = aWorker("lost", { liveness: "lost" });
const mail = aWorker("mail", { labels: [label("zone", "a"), label("version", "1.2")] });
const bills = aWorker("bills", { labels: [label("zone", "a"), label("helve-build", "2")], status: "PAUSED" });
const all = [mail, lost, bills, late];

describe("finding workers", () => {
  it("shows who is connected, the most urgent first", () => {
    expect(names(all, {}, beat + JUST_LOST_MS)).toEqual(["late", "bills", "mail"]);
  });

  it("shows for a while who was lost, and whenever it is asked for", () => {
    expect(names(all, {}, beat + JUST_LOST_MS - 1)).toContain("lost");
    expect(names(all, { state: ["lost"] }, beat + JUST_LOST_MS)).toEqual(["lost"]);
  });

  it("narrows by name, id, label, build, SDK and runtime together", () => {
    expect(names(all, { q: "MAI" }, beat)).toEqual(["mail"]);
    expect(names(all, { q: "id-of-bi" }, beat)).toEqual(["bills"]);
    expect(names(all, { label: ["zone=a"] }, beat)).toEqual(["bills", "mail"]);
    expect(names(all, { label: ["zone=a", "version=1.2"] }, beat)).toEqual(["mail"]);
    expect(names(all, { build: "2" }, beat)).toEqual(["bills"]);
    expect(names(all, { build: NONE, sdk: NONE, runtime: NONE, state: ["late"] }, beat)).toEqual(["late"]);
    expect(names(all, { sdk: "helve 0.1.0" }, beat)).toEqual([]);
  });

  it("counts states of all that is wanted otherwise, whichever state is chosen", () => {
    expect(countStates(all, { label: ["zone=a"], state: ["late"] })).toMatchObject({ paused: 1, fresh: 1, late: 0 });
  });
});

describe("the address", () => {
  it("gives back what was meant", () => {
    const search = { q: "ma", state: ["late", "lost"], label: ["zone=a"], build: "2", sdk: "x", runtime: "y", page: 2 };
    expect(readWorkerSearch(search)).toEqual(search);
    expect(readWorkerSearch({ state: "late", label: "zone=a=b", page: "3" })).toEqual({
      state: ["late"],
      label: ["zone=a=b"],
      page: 3,
    });
  });

  it("is not disturbed by what nobody can mean", () => {
    expect(readWorkerSearch({ state: "tired", label: "zone", page: "-1", q: "", other: 1 })).toEqual({});
  });
});

it("lists each label once", () => expect(labelsOf(all)).toEqual(["helve-build=2", "version=1.2", "zone=a"]));
