import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { NATIVE_RUNTIME, sdkProblem } from "./sdk-range.ts";

test.each([
  ["TYPESCRIPT", "1.18.0"],
  ["TYPESCRIPT", "1.33.2"],
  ["typescript", "v1.99.0-rc.1"],
  ["PYTHON", "1.43.1"],
  ["GO", "v0.101.27"],
  ["RUBY", "0.3.0"],
  ["COBOL", "0.0.1"],
  ["GO", "v0.0.0"],
  ["PYTHON", "main"],
  ["PYTHON", undefined],
  [undefined, "1.0.0"],
])("has nothing to say of %s %s", (language, sdkVersion) => {
  expect(sdkProblem({ ...(language && { language }), ...(sdkVersion && { sdkVersion }) })).toBeUndefined();
});

test.each([
  [
    "TYPESCRIPT",
    "1.16.9",
    "the TypeScript SDK 1.16.9 is too old: this engine is made for 1.18.0 up to 2.0.0; nobody has tried older ones",
  ],
  ["PYTHON", "0.47.1", "the Python SDK 0.47.1 is too old: this engine is made for 1.29.0 up to 2.0.0; nobody has"],
  ["PYTHON", "2.0.0", "the Python SDK 2.0.0 is too new: this engine is made for 1.29.0 up to 2.0.0, and may not know"],
])("says what is wrong with %s %s", (language, sdkVersion, text) => {
  expect(sdkProblem({ language, sdkVersion })).toContain(text);
});

test("leaves workers to themselves that speak the native protocol", () => {
  expect(sdkProblem({ language: "TYPESCRIPT", sdkVersion: "0.1.0", extra: NATIVE_RUNTIME })).toBeUndefined();
});

test("the ranges are those that the documentation states", async () => {
  const page = await readFile(new URL("../../../docs/reference/compatibility.md", import.meta.url), "utf8");
  for (const [, language, version] of page.matchAll(/^\| (TypeScript|Python|Go|Ruby) \| (\d+\.\d+\.\d+) \|/gm)) {
    const [major = "", minor = "", patch = ""] = (version as string).split(".");
    const before = patch === "0" ? `${major}.${Number(minor) - 1}.99` : `${major}.${minor}.${Number(patch) - 1}`;
    expect(sdkProblem({ language: language as string, sdkVersion: version as string })).toBeUndefined();
    expect(sdkProblem({ language: language as string, sdkVersion: before })).toContain(`made for ${version} `);
  }
  expect(page.match(/^\| (TypeScript|Python|Go|Ruby) \| \d/gm)).toHaveLength(4);
});
