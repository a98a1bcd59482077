/** `npm run chaos`: installs and builds what is missing, then does harm. See chaos/README.md. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ROOT, runTool } from "./bootstrap.mjs";

ensureInstalled();
if (!(await ensureBuilt()) || runTool("typescript/bin/tsc", ["-b", "chaos"]).status !== 0) process.exit(1);

const args = [join(ROOT, "chaos", "dist", "main.js"), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
// A terminal's Ctrl-C reaches the child itself, which then ends what it has started.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));
