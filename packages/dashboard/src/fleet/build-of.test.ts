import { expect, test } from "vitest";
import { buildOf, runtimeOf, sdkOf } from "./build-of.ts";

test("the build is the label that our SDK sets, else the one that people set", () => {
  const labels = [
    { key: "version", value: "1" },
    { key: "helve-build", value: "2" },
  ];
  expect(buildOf({ labels })).toBe("2");
  expect(buildOf({ labels: labels.slice(0, 1) })).toBe("1");
  expect(buildOf({ labels: [{ key: "version", value: "" }] })).toBeUndefined();
});

test.each([
  [{ sdkVersion: "0.1.0", language: "TYPESCRIPT", runtimeExtra: "helve.v1" }, "helve 0.1.0"],
  [{ sdkVersion: "1.29.0", language: "PYTHON" }, "Python SDK 1.29.0"],
  [{ sdkVersion: "3" }, "SDK 3"],
  [{ language: "PYTHON" }, undefined],
  [undefined, undefined],
])("the SDK of %o is %s", (runtimeInfo, text) => expect(sdkOf(runtimeInfo ? { runtimeInfo } : {})).toBe(text));

test.each([
  [{ language: "TYPESCRIPT", languageVersion: "v22.4.0" }, "TypeScript 22.4.0"],
  [{ language: "GOLANG", languageVersion: "go1.24" }, "Go 1.24"],
  [{ language: "PYTHON" }, "Python"],
  [{}, undefined],
])("the runtime of %o is %s", (runtimeInfo, text) => expect(runtimeOf({ runtimeInfo })).toBe(text));
