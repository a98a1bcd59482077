import { describe, expect, it } from "vitest";
import type { Worker } from "../engine/workers.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { workerTable } from "./worker-table.ts";

const NOW = Date.parse("2026-01-01T00:00:10Z");

describe("the table of workers", () => {
  it("says what each is, has and is made with, and why one is quarantined", () => {
    const mail: Worker = {
      metadata: { id: "w1" },
      name: "mail",
      status: "ACTIVE",
      lastHeartbeatAt: "2026-01-01T00:00:07Z",
      slotConfig: { default: { available: 3, limit: 5 } },
      runtimeInfo: { sdkVersion: "1.43.1", language: "PYTHON", languageVersion: "3.11.2", os: "linux" },
    };
    const old: Worker = {
      metadata: { id: "w3" },
      name: "old",
      status: "ACTIVE",
      slotConfig: {},
      labels: [{ key: "helve-build", value: "b7" }],
      versionProblem: "the Go SDK 0.1.0 is too old",
      runtimeInfo: { sdkVersion: "0.1.0", language: "GOLANG", languageVersion: "go1.26.8", runtimeExtra: "helve.v1" },
    };
    const stuck: Worker = {
      metadata: { id: "w2" },
      name: "stuck",
      status: "INACTIVE",
      quarantineReason: "it confirms nothing",
      slotConfig: { default: { limit: 5 }, durable: { available: 9, limit: 9 } },
    };
    expect(workerTable([mail, stuck], memoryIo().out, NOW).split("\n")).toEqual([
      "WORKER  NAME   STATE                           SLOTS  SDK     LANGUAGE       OS     HEARTBEAT",
      "w1      mail   active                            2/5  1.43.1  Python 3.11.2  linux        3 s",
      "w2      stuck  quarantined  default ?/5, durable 0/9",
      "w2 is quarantined: it confirms nothing",
      "",
    ]);
    expect(workerTable([mail, old], memoryIo().out, NOW).split("\n")).toEqual([
      "WORKER  NAME  STATE   SLOTS  SDK          LANGUAGE       OS     BUILD  HEARTBEAT",
      "w1      mail  active    2/5  1.43.1       Python 3.11.2  linux               3 s",
      "w3      old   active         helve 0.1.0  Go 1.26.8             b7",
      "w3: the Go SDK 0.1.0 is too old",
      "",
    ]);
    const slow: Worker = { ...mail, liveness: "late", lastHeartbeatAt: "2026-01-01T00:00:01Z" };
    expect(workerTable([slow], memoryIo().out, NOW).split("\n")[1]).toBe(
      "w1      mail  late     2/5  1.43.1  Python 3.11.2  linux        9 s",
    );
  });
});
