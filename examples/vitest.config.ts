import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Runs the examples, which are processes of their own, against one engine. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "examples",
    root: import.meta.dirname,
    // By itself, as the conformance suites are.
    sequence: { groupOrder: 2 },
    maxWorkers: 1,
    include: ["*.test.ts", "bring-your-own-language/*.test.ts"],
    testTimeout: 90_000,
  },
});

export default config;
