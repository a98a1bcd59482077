/**
 * `npm start`: makes a fresh clone ready, then runs `helve dev` in this very process. What stands behind `npm start --`
 * goes to it; `npm start -- --help` lists the flags.
 */
import * as module from "node:module";
import { ensureBuilt, ensureInstalled, fail } from "./bootstrap.mjs";

ensureInstalled();
if (!ensureBuilt()) fail("Helve does not compile; see above.");
// Newer Nodes keep what they have compiled from start to start.
module.enableCompileCache?.();
const { runProgram } = await import("../packages/cli/dist/program.js");
await runProgram(["dev", ...process.argv.slice(2)]);
