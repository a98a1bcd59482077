import { describe, expect, it } from "vitest";
import { chooseWorkers } from "./worker-choice.ts";
import type { Worker } from "./workers.ts";

const mail: Worker = { metadata: { id: "1" }, name: "mail", status: "ACTIVE", labels: [{ key: "zone", value: "a=b" }] };
const bills: Worker = {
  metadata: { id: "2" },
  name: "bills",
  status: "ACTIVE",
  labels: [{ key: "helve-build", value: "1.2" }],
};
const all = { ids: [], name: undefined, label: undefined, version: undefined };

describe("which workers are meant", () => {
  it("means all when nothing narrows", () => {
    expect(chooseWorkers([mail, bills], all)).toEqual([mail, bills]);
  });

  it("narrows by id, name and label together", () => {
    expect(chooseWorkers([mail, bills], { ...all, ids: ["2"] })).toEqual([bills]);
    expect(chooseWorkers([mail, bills], { ...all, name: "mail" })).toEqual([mail]);
    expect(chooseWorkers([mail, bills], { ...all, label: "zone=a=b" })).toEqual([mail]);
    expect(chooseWorkers([mail, bills], { ...all, name: "bills", label: "zone=a=b" })).toEqual([]);
  });

  it("knows a version by either of its labels", () => {
    const own: Worker = { ...mail, labels: [{ key: "version", value: "1.2" }] };
    expect(chooseWorkers([mail, own, bills], { ...all, version: "1.2" })).toEqual([own, bills]);
  });

  it("refuses what nobody can mean", () => {
    expect(() => chooseWorkers([mail], { ...all, ids: ["3"] })).toThrow("no worker of the last day has the id '3'");
    expect(() => chooseWorkers([mail], { ...all, label: "zone" })).toThrow("it must be KEY=VALUE");
  });
});
