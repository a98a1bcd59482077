import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Packages of the repository are taken from source, all else as Vite takes it on a server. */
const resolve = { conditions: ["source", "module", "node", "development|production"] };

/**
 * The black-box suites. They share one engine, which `global-setup.ts` starts; whatever stops or kills an engine starts
 * one of its own.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "conformance",
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    globalSetup: ["./global-setup.ts"],
    setupFiles: ["./support/end-programs.ts"],
    // A process per file: programs a file leaves behind die with it.
    pool: "forks",
    // The suites wait more than they work; the limit is the start of Python programs on a small machine.
    maxWorkers: 2,
    // The cells of the matrix wait beside each other.
    maxConcurrency: 20,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    // Timing is part of what is promised: a second try would hide that it was missed.
    retry: 0,
  },
  resolve,
  ssr: { resolve },
  environments: { __vitest__: { resolve } },
});

export default config;
