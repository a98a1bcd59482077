import { defineConfig, type ViteUserConfig } from "vitest/config";

/** One seed with two replicas, in processes of its own, and the tests of what plans and judges it. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "chaos",
    root: import.meta.dirname,
    // By itself, as the conformance suites are.
    sequence: { groupOrder: 3 },
    maxWorkers: 1,
    include: ["**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    // The round takes well under a minute where nothing else runs.
    testTimeout: 300_000,
  },
});

export default config;
