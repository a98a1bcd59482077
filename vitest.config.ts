import { defineConfig } from "vitest/config";

/**
 * Tests run from source: the `source` condition sends every import of a workspace package to its `src/`, so nothing
 * has to be built first. Workspace packages are links, whose real path is outside node_modules, and are therefore
 * transformed like the tests themselves; all else in node_modules is left to Node. Test files are loaded through the
 * `ssr` environment, the global setups through `__vitest__`, which does not follow the conditions of the first. After our
 * condition come those that Vite takes on a server by default, but for `module`: packages keep what only bundlers can read
 * there, and Node itself is given the file.
 */
const resolve = { conditions: ["source", "node", "development|production"] };
const fromSource = { resolve, ssr: { resolve }, environments: { __vitest__: { resolve } } };

/** Not at the same time as the conformance suites: they measure time and want the machine to themselves. */
const sequence = { groupOrder: 1 };
/** Many tests wait for processes more than they compute, so two files at a time do on one core as well. */
const maxWorkers = 2;

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.pg.test.ts"],
          sequence,
          maxWorkers,
          // The first import of a package may be slow on a busy machine.
          testTimeout: 20_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: "pg",
          include: ["packages/*/src/**/*.pg.test.ts"],
          globalSetup: ["packages/store/src/testing/global-setup.ts"],
          sequence,
          maxWorkers,
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      // Published clients against a real engine; see conformance/README.md.
      "conformance/vitest.config.ts",
      // Programs a user could start from, each against a real engine.
      "examples/vitest.config.ts",
      // Faults, with everything in processes of its own; see chaos/README.md.
      "chaos/vitest.config.ts",
    ],
  },
});
