/**
 * `npm start`: makes a fresh clone ready, then runs `helve dev` in this very process. What stands behind `npm start --`
 * goes to it; `npm start -- --help` lists the flags.
 */
import { readFileSync } from "node:fs";
import * as module from "node:module";
import { ensureBuilt, ensureInstalled, fail } from "./bootstrap.mjs";

const PARENT_LOOK_MS = 250;

ensureInstalled();
if (!(await ensureBuilt())) fail("Helve does not compile; see above.");
// Newer Nodes keep what they have compiled from start to start.
module.enableCompileCache?.();
const { runProgram } = await import("../packages/cli/dist/program.js");
endWithParent();
await runProgram(["dev", ...process.argv.slice(2)]);

/**
 * npm runs us in a shell and passes signals on to that alone, which ends without a word to us; and whoever kills npm reaches
 * neither. So we end when either has gone. A Ctrl-C at a terminal reaches us by itself.
 */
function endWithParent() {
  if (process.env.npm_lifecycle_event !== "start") return;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, PARENT_LOOK_MS).unref();
}

/** The shell, and on Linux, where one can look, npm behind it. */
function ancestors() {
  try {
    const [, parent] = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8"));
    return `${process.ppid} ${parent}`;
  } catch {
    return `${process.ppid}`;
  }
}
