import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SDK_VERSION } from "./version.ts";

test("the version that is told to the engine is that of the package", () => {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(SDK_VERSION).toBe(manifest.version);
});
