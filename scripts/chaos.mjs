/** `npm run chaos`: installs and builds what is missing, then does harm. See chaos/README.md. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ROOT } from "./bootstrap.mjs";

ensureInstalled();
if (!ensureBuilt()) process.exit(1);

// The engine is what was built; only what harms it is TypeScript.
const args = ["--import", "tsx", join(ROOT, "chaos", "main.ts"), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
// A terminal's Ctrl-C reaches the child itself, which then ends what it has started.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));
