import { describe, expect, it } from "vitest";
import { aWorker } from "../testing/a-worker.ts";
import { groupByBuild, groupBySdk } from "./version-groups.ts";

const python = (sdkVersion: string) => ({ sdkVersion, language: "PYTHON", languageVersion: "3.12.4" });
const build = (value: string) => [{ key: "helve-build", value }];

describe("workers by SDK and runtime", () => {
  it("are counted with their slots and states", () => {
    const runtimeInfo = python("1.31.0");
    const workers = [
      aWorker("a", { runtimeInfo }, 3),
      aWorker("b", { runtimeInfo }, 1),
      aWorker("c", { runtimeInfo, liveness: "late" }),
      aWorker("d", { runtimeInfo, liveness: "lost" }),
    ];
    expect(groupBySdk(workers)).toEqual([
      {
        sdk: "Python SDK 1.31.0",
        runtime: "Python 3.12.4",
        problem: undefined,
        workers: 3,
        slots: { used: 4, limit: 30 },
        states: [
          ["late", 1],
          ["fresh", 2],
        ],
      },
    ]);
  });

  it("are told apart by what runs the same SDK", () => {
    const other = { ...python("1.31.0"), languageVersion: "3.13.0" };
    const groups = groupBySdk([aWorker("a", { runtimeInfo: python("1.31.0") }), aWorker("b", { runtimeInfo: other })]);
    expect(groups.map(({ runtime }) => runtime)).toEqual(["Python 3.13.0", "Python 3.12.4"]);
  });

  it("begin with those out of range, then go by name and from new to old, and end with who names none", () => {
    const workers = [
      aWorker("none"),
      aWorker("old", { runtimeInfo: python("1.9.0"), versionProblem: "too old" }),
      aWorker("1.29", { runtimeInfo: python("1.29.0") }),
      aWorker("1.100", { runtimeInfo: python("1.100.0") }),
      aWorker("go", { runtimeInfo: { sdkVersion: "0.90.0", language: "GOLANG" } }),
    ];
    expect(groupBySdk(workers).map(({ sdk }) => sdk)).toEqual([
      "Python SDK 1.9.0",
      "Go SDK 0.90.0",
      "Python SDK 1.100.0",
      "Python SDK 1.29.0",
      undefined,
    ]);
  });
});

describe("workers by build", () => {
  it("go from new to old, and name the SDKs of each", () => {
    const workers = [
      aWorker("none"),
      aWorker("a", { labels: build("2024-06-01"), runtimeInfo: python("1.30.0") }),
      aWorker("b", { labels: build("2024-06-02"), runtimeInfo: python("1.31.0") }),
      aWorker("c", { labels: build("2024-06-02"), runtimeInfo: python("1.30.0") }),
      aWorker("d", { labels: build("2024-05-31"), liveness: "lost" }),
    ];
    expect(groupByBuild(workers).map(({ build, workers, sdks }) => [build, workers, sdks])).toEqual([
      ["2024-06-02", 2, ["Python SDK 1.30.0", "Python SDK 1.31.0"]],
      ["2024-06-01", 1, ["Python SDK 1.30.0"]],
      [undefined, 1, []],
    ]);
  });
});
