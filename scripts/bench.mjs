/** `npm run bench`: installs and builds what is missing, then measures. See docs/reference/performance.md. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ROOT } from "./bootstrap.mjs";

ensureInstalled();
const isFromSource = process.env.HELVE_BENCH_SOURCE === "1";
if (!isFromSource && !(await ensureBuilt())) process.exit(1);

// The engine is what was built; only the bench itself is TypeScript.
const conditions = isFromSource ? ["--conditions=source"] : [];
const args = [...conditions, "--import", "tsx", join(ROOT, "bench", "main.ts"), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
// A terminal's Ctrl-C reaches the bench itself, which then ends what it has started.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));
