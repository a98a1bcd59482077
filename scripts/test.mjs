/**
 * Everything that must hold, in one command: `npm test [-- arguments for Vitest]`.
 *
 *     npm test                                      all of it
 *     npm test -- --project unit                    the tests without a database
 *     npm test -- --project pg packages/store       those of one package with a database
 *
 * Biome, the compiler and Vitest all run even if one of them fails, so that one run shows all there is to mend. What failed
 * is told once more at the end; the last line is `N passed, N failed`, counted over the tests of all projects.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ensureBuilt, ensureInstalled, runTool } from "./bootstrap.mjs";
import { hasProgram, installInCi } from "./debian-package.mjs";
import { ensurePythonClients } from "./python-clients.mjs";

// A Ctrl-C reaches the tools as well; they clean up, and we wait for them.
process.on("SIGINT", () => {});

const vitestArguments = process.argv.slice(2);

ensureInstalled();
// Without it the tests of hints over NATS are skipped, and say so.
if (runsProject("pg") && !hasProgram("nats-server")) installInCi("nats-server");
// Without it those of the dashboard in a browser are.
if (runsProject("pg") && !hasProgram("chromium")) installInCi("chromium");
if (runsProject("conformance")) await ensurePythonClients();
const checks = {
  "biome check": runTool("@biomejs/biome/bin/biome", ["check", "."]).status === 0,
  "tsc -b, and vite build of the dashboard": await ensureBuilt(),
  "tsc -b of what is not shipped":
    runTool("typescript/bin/tsc", ["-b", "conformance", "examples", "bench", "chaos"]).status === 0,
};
const runs = testRuns().map(runVitest);

for (const [name, isGreen] of Object.entries(checks)) {
  if (!isGreen) console.error(`${name} failed; see above.`);
}
if (runs.some((run) => !run.isGreen && run.failed === 0)) console.error("Vitest failed outside of a test; see above.");
const passed = sum(runs.map((run) => run.passed));
const failed = sum(runs.map((run) => run.failed));
if (passed + failed === 0) console.error("No test was executed.");
for (const failure of runs.flatMap((run) => run.failures)) console.error(`failed: ${failure}`);
const isGreen = Object.values(checks).every(Boolean) && runs.every((run) => run.isGreen) && failed === 0 && passed > 0;
process.exitCode = isGreen ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

/**
 * The arguments of each call of Vitest. The conformance suites get one of their own: an engine that does not start
 * should not hide what the other tests have to say.
 */
function testRuns() {
  if (wantedProjects().length > 0) return [vitestArguments];
  // A filter may match no file of one of them.
  return [
    ["--project", "unit", "--project", "pg", "--passWithNoTests", ...vitestArguments],
    ["--project", "conformance", "--passWithNoTests", ...vitestArguments],
    ["--project", "examples", "--passWithNoTests", ...vitestArguments],
    ["--project", "chaos", "--passWithNoTests", ...vitestArguments],
  ];
}

function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), "helve-results-"));
  const report = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { status } = runTool("vitest/vitest.mjs", ["run", ...reporters, ...args]);
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
    return { passed: 0, failed: 0, failures: [] };
  }
  const failures = results.testResults.flatMap(failuresOf);
  return { passed: results.numPassedTests, failed: failures.length, failures };
}

/** A text for each test of the file that failed: where, which, why. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (status === "failed" && failed.length === 0) return [`${file}\n${message}`];
  return failed.map(({ fullName, failureMessages }) => `${file} > ${fullName}\n${failureMessages.join("\n")}`);
}

/** Whether Vitest may run that project; a pattern may stand for it. */
function runsProject(name) {
  const wanted = wantedProjects();
  if (wanted.includes(`!${name}`)) return false;
  const named = wanted.filter((project) => !project.startsWith("!"));
  return named.length === 0 || named.some((project) => project === name || project.includes("*"));
}

/** What `--project` names; it may be given several times, as a name, a pattern or `!name`. */
function wantedProjects() {
  return vitestArguments.flatMap((argument, index) => {
    if (argument === "--project") return [vitestArguments[index + 1] ?? ""];
    return argument.startsWith("--project=") ? [argument.slice("--project=".length)] : [];
  });
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
