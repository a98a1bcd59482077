import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS } from "../arguments/options.ts";
import { timeSpan, wholeNumber } from "../arguments/parse.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { openFleet } from "../engine/workers.ts";
import { CommandError, DONE, FAILED, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { byteCount } from "../supervisor/byte-count.ts";
import { copyEnvironment } from "../supervisor/copy-environment.ts";
import { startGuard } from "../supervisor/guard.ts";
import { roll } from "../supervisor/roll.ts";
import type { ScaleLimits } from "../supervisor/scale-decision.ts";
import { Scaler } from "../supervisor/scaler.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { lockSupervisor } from "../supervisor/supervisor-lock.ts";

const DEFAULT_GRACE_MS = 30_000;
/** A killed supervisor's guard has its grace and then some moments to go. */
const GUARD_SLACK_MS = 10_000;

/** `helve worker run -- COMMAND …`: keeps copies of a worker program running. */
export const workerRun: Command = command({
  usage: "worker run [flags] -- COMMAND ...",
  about: `Keeps copies of a worker program running, in whatever language it is: restarts what crashes, what the engine has
quarantined and what has fallen silent; recycles what has done or takes too much; lets each finish its tasks before it
ends. SIGTERM and Ctrl-C end all copies in order, a second one at once. SIGHUP replaces the copies one by one.`,
  options: {
    copies: { value: "N", help: "how many; default 1" },
    min: { value: "N", help: "with --max, in place of --copies: how many there are at least; default 1" },
    max: { value: "N", help: "how many at most: their number follows what waits and what is busy" },
    "scale-up-after": { value: "SPAN", help: "one more when a task has waited for so long; default 5s" },
    "scale-down-after": { value: "SPAN", help: "one less when fewer would have done for so long; default 60s" },
    name: { value: "NAME", help: "what the copies are called in the log; default: the program's" },
    "worker-name": { value: "NAME", help: "the name the program gives its worker, to recognise it by" },
    grace: { value: "SPAN", help: "how long a copy may take to end; default 30s" },
    ready: { value: "SPAN", help: "how long a new copy may take until it is given work, in a roll; default 60s" },
    inactive: { value: "SPAN", help: "how long a copy's worker may be inactive while its process lives; default 30s" },
    unhealthy: {
      value: "SPAN",
      help: "restart a copy whose /health has been bad for so long; each is told a port of its own",
    },
    "max-tasks": { value: "N", help: "replace a copy when it has done so many tasks" },
    "max-memory": { value: "SIZE", help: "replace a copy when it takes more memory, such as 512MB" },
    "max-crashes": { value: "N", help: "give a copy up that ends so many times in a row; default 5" },
    stable: { value: "SPAN", help: "what lives this long has not crashed in a row; default 30s" },
    "release-file": {
      value: "FILE",
      help: "its text stands for {release} in COMMAND; read at the start and on SIGHUP",
    },
    "max-failures": { value: "PERCENT", help: "after a roll, go back when more of the new copies' tasks fail" },
    watch: { value: "SPAN", help: "how long they are looked at after a roll; default 60s" },
    ...ENGINE_OPTIONS,
  },
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  examples: [
    "helve worker run --copies 4 -- python worker.py",
    "helve worker run --min 1 --max 8 -- python worker.py",
    "helve worker run --max-memory 512MB --max-tasks 10000 -- node worker.js",
    "helve worker run --release-file current.txt --max-failures 20 -- node releases/{release}/worker.js",
  ],
  async run({ values, operands, io }) {
    const graceMs = timeSpan(values.grace, "--grace") ?? DEFAULT_GRACE_MS;
    const maxFailures = wholeNumber(values["max-failures"], "--max-failures", 0, 100);
    const scale = scaleLimits(values);
    const commandNow = () => commandOf(operands, values["release-file"]);
    const options = {
      name: values.name ?? basename(operands.at(-1) ?? "worker").replace(/\.\w+$/, ""),
      command: await commandNow(),
      copies: scale?.min ?? wholeNumber(values.copies, "--copies", 1, 1000) ?? 1,
      workerName: values["worker-name"],
      graceMs,
      limits: {
        inactiveMs: timeSpan(values.inactive, "--inactive") ?? 30_000,
        unhealthyMs: timeSpan(values.unhealthy, "--unhealthy"),
        maxMemoryBytes: byteCount(values["max-memory"], "--max-memory"),
        maxTasks: wholeNumber(values["max-tasks"], "--max-tasks", 1, 20_000),
      },
      policy: {
        maxCrashes: wholeNumber(values["max-crashes"], "--max-crashes", 1, 1000) ?? 5,
        stableMs: timeSpan(values.stable, "--stable") ?? 30_000,
      },
      onCrash: "restart" as const,
    };
    const rollOptions = {
      readyMs: timeSpan(values.ready, "--ready") ?? 60_000,
      maxFailureRate: maxFailures === undefined ? undefined : maxFailures / 100,
      watchMs: timeSpan(values.watch, "--watch") ?? 60_000,
    };

    const engine = await findEngine(values, io.env);
    const fleet = openFleet(openRest(engine));
    const say = (text: string) => io.err.write(`helve | ${text}\n`);
    const lock = await lockSupervisor(options.name, io.env, graceMs + GUARD_SLACK_MS);
    const guard = startGuard(lock.guardFile, graceMs);
    const supervisor = new Supervisor(options, {
      fleet,
      guard,
      env: copyEnvironment(io.env, engine),
      say,
      onLine: (copy, stream, line) => io[stream].write(`${copy} | ${line}\n`),
    });
    let running = options.command;
    let isRolling = false;
    const rollNow = async () => {
      if (isRolling) return say("a roll is under way already");
      isRolling = true;
      try {
        const next = await commandNow();
        const count = supervisor.slots.length;
        say(`replacing ${count} ${count === 1 ? "copy" : "copies one by one"}: ${next.join(" ")}`);
        if (await roll(supervisor, { ...rollOptions, from: running, to: next, fleet, say })) running = next;
      } finally {
        isRolling = false;
      }
    };
    const forget = listen(io, supervisor, say, rollNow);
    const scaler = scale && new Scaler(scale, { supervisor, fleet, isRolling: () => isRolling, say });
    try {
      scaler?.start();
      const outcome = await supervisor.run();
      if (outcome === "stopped") return DONE;
      io.err.write("helve: every copy ended again and again; what they said last is above\n");
      return FAILED;
    } finally {
      await scaler?.stop();
      forget();
      guard.close();
      lock.release();
    }
  },
});

/** The first signal ends in order, the second at once. On a terminal SIGHUP means that it has gone; elsewhere it rolls. */
function listen(io: Io, supervisor: Supervisor, say: (text: string) => void, rollNow: () => Promise<void>): () => void {
  return io.onSignal((signal) => {
    if (signal === "SIGHUP" && !io.err.isTerminal && !supervisor.isStopping) {
      void rollNow().catch((error: Error) => say(`nothing is replaced: ${error.message}`));
      return;
    }
    if (supervisor.isStopping) {
      supervisor.kill();
      io.abort(130);
    }
    say("stopping: copies finish what they have");
    void supervisor.stop();
  });
}

/** @returns undefined where the number of copies does not change @throws UsageError */
function scaleLimits(
  values: Readonly<Record<"copies" | "min" | "max" | "scale-up-after" | "scale-down-after", string | undefined>>,
): ScaleLimits | undefined {
  const min = wholeNumber(values.min, "--min", 1, 1000) ?? 1;
  const max = wholeNumber(values.max, "--max", min, 1000);
  const upAfterMs = timeSpan(values["scale-up-after"], "--scale-up-after") ?? 5000;
  const downAfterMs = timeSpan(values["scale-down-after"], "--scale-down-after") ?? 60_000;
  if (max === undefined) {
    if (values.min !== undefined) throw new UsageError("--min goes with --max; --copies is a number that stays");
    return undefined;
  }
  if (values.copies !== undefined) throw new UsageError("--copies is a number that stays: give it, or --min and --max");
  return { min, max, upAfterMs, downAfterMs };
}

/** The command with the release put in, which also stands in HELVE_BUILD. @throws UsageError, CommandError */
async function commandOf(operands: readonly string[], releaseFile: string | undefined): Promise<readonly string[]> {
  const hasPlace = operands.some((operand) => operand.includes("{release}"));
  if (releaseFile === undefined) {
    if (hasPlace) throw new UsageError("{release} in the command needs --release-file");
    return operands;
  }
  const text = await readFile(releaseFile, "utf8").catch((error: Error) => {
    throw new CommandError(`the release file cannot be read: ${error.message}`);
  });
  const release = text.trim();
  if (!/^[\w][\w.+-]*$/.test(release)) {
    throw new CommandError(`${releaseFile} must hold the name of a release: letters, digits and . _ + - alone`);
  }
  return ["env", `HELVE_BUILD=${release}`, ...operands.map((operand) => operand.replaceAll("{release}", release))];
}
