import { describe, expect, test } from "vitest";
import { workerSettings } from "./worker-options.ts";

describe("labels of a worker", () => {
  test("name the copy and the build that its environment names", () => {
    const env = { HELVE_COPY: "mail/1", HELVE_BUILD: "1.2" };
    expect(workerSettings({ labels: { zone: "b" } }, env).labels).toEqual({
      "helve-copy": "mail/1",
      "helve-build": "1.2",
      zone: "b",
    });
    expect(workerSettings({}, { HELVE_COPY: "" }).labels).toEqual({});
  });

  test("that the program gives itself count", () => {
    expect(workerSettings({ labels: { "helve-build": "own" } }, { HELVE_BUILD: "1.2" }).labels).toEqual({
      "helve-build": "own",
    });
  });
});
