/**
 * Everything that must hold, in one command: `npm test [-- arguments for Vitest]`.
 *
 *     npm test                                      all of it
 *     npm test -- --project unit                    the tests without a database
 *     npm test -- --project pg packages/store       those of one package with a database
 *
 * Biome, the compiler and Vitest all run even if one of them fails, so that one run shows all there is to mend. The last
 * line is `N passed, N failed`, counted over the tests of all projects.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, runTool } from "./bootstrap.mjs";
import { ensurePythonClients } from "./python-clients.mjs";

// A Ctrl-C reaches the tools as well; they clean up, and we wait for them.
process.on("SIGINT", () => {});

const vitestArguments = process.argv.slice(2);

ensureInstalled();
if (runsProject("conformance")) await ensurePythonClients();
const checks = {
  "biome check": runTool("@biomejs/biome/bin/biome", ["check", "."]).status === 0,
  "tsc -b": ensureBuilt(),
};
const tests = runVitest();

for (const [name, isGreen] of Object.entries(checks)) {
  if (!isGreen) console.error(`${name} failed; see above.`);
}
if (tests.passed + tests.failed === 0) console.error("No test was executed.");
const isGreen = Object.values(checks).every(Boolean) && tests.isGreen && tests.failed === 0 && tests.passed > 0;
process.exitCode = isGreen ? 0 : 1;
console.log(`${tests.passed} passed, ${tests.failed} failed`);

function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), "helve-results-"));
  const report = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { status } = runTool("vitest/vitest.mjs", ["run", ...reporters, ...vitestArguments]);
    return { isGreen: status === 0, ...count(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that fails outside of its tests, by not loading for instance, counts as one that failed. */
function count(report) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    // Vitest ended before it could run anything.
    return { passed: 0, failed: 0 };
  }
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return { passed: results.numPassedTests, failed: results.numFailedTests + brokenFiles.length };
}

/** Whether Vitest is going to run that project: `--project` may be given several times, as a name or `!name`. */
function runsProject(name) {
  const wanted = vitestArguments.flatMap((argument, index) => {
    if (argument === "--project") return [vitestArguments[index + 1]];
    return argument.startsWith("--project=") ? [argument.slice("--project=".length)] : [];
  });
  if (wanted.includes(`!${name}`)) return false;
  const named = wanted.filter((project) => !project?.startsWith("!"));
  return named.length === 0 || named.some((project) => project === name || project?.includes("*"));
}
