import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { openFleet } from "../engine/workers.ts";
import { CommandError, DONE } from "../exit-codes.ts";
import { copyEnvironment } from "../supervisor/copy-environment.ts";
import { startGuard } from "../supervisor/guard.ts";
import { watchSources } from "../supervisor/source-watch.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { lockSupervisor } from "../supervisor/supervisor-lock.ts";

/** Somebody waits for the next start. */
const GRACE_MS = 5000;

/** `helve worker dev FILE`: a worker that starts anew whenever a file beside it changes. */
export const workerDev: Command = command({
  usage: "worker dev FILE [ARGUMENTS...]",
  about: `Runs a worker file in TypeScript or JavaScript, and starts it anew whenever a source file in its folder or below it
changes. What runs may end within five seconds. After a crash it waits for the next change. TypeScript needs tsx
installed beside the file, or a Node that runs it by itself.`,
  options: { ...ENGINE_OPTIONS },
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  examples: ["helve worker dev src/worker.ts"],
  async run({ values, operands: [given = "", ...rest], io }) {
    const file = resolve(given);
    if (!existsSync(file)) throw new CommandError(`there is no file ${file}`);
    const engine = await findEngine(values, io.env);
    const name = basename(file).replace(/\.\w+$/, "");
    const say = (text: string) => io.err.write(`helve | ${text}\n`);
    const lock = await lockSupervisor(name, io.env, 2 * GRACE_MS);
    const guard = startGuard(lock.guardFile, GRACE_MS);
    const supervisor = new Supervisor(
      {
        name,
        command: [process.execPath, ...loaderFor(file), file, ...rest],
        copies: 1,
        workerName: undefined,
        graceMs: GRACE_MS,
        limits: {
          inactiveMs: Number.POSITIVE_INFINITY,
          unhealthyMs: undefined,
          maxMemoryBytes: undefined,
          maxTasks: undefined,
        },
        policy: { maxCrashes: 1, stableMs: 0 },
        onCrash: "wait",
      },
      {
        fleet: openFleet(openRest(engine)),
        guard,
        env: copyEnvironment(io.env, engine),
        say,
        onLine: (copy, stream, line) => io[stream].write(`${copy} | ${line}\n`),
      },
    );
    const unwatch = watchSources(dirname(file), (changed) => {
      say(`${changed} has changed`);
      void supervisor.restart("a file has changed");
    });
    const forget = io.onSignal(() => {
      if (supervisor.isStopping) {
        supervisor.kill();
        io.abort(130);
      }
      void supervisor.stop();
    });
    try {
      await supervisor.run();
      return DONE;
    } finally {
      unwatch();
      forget();
      guard.close();
      lock.release();
    }
  },
});

/** tsx as the file would find it; without it Node has to cope by itself. */
function loaderFor(file: string): string[] {
  if (!/\.[cm]?tsx?$/.test(file)) return [];
  try {
    return ["--import", pathToFileURL(createRequire(file).resolve("tsx")).href];
  } catch {
    return [];
  }
}
