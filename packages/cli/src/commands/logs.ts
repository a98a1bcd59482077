import { setTimeout as pause } from "node:timers/promises";
import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest, type Rest } from "../engine/rest.ts";
import { getRun, hasEnded, type RunDetails, requireId } from "../engine/runs.ts";
import { CommandError, DONE, FAILED } from "../exit-codes.ts";
import { printable } from "../terminal/style.ts";

/** A line of a task's log, as the API has it. */
interface LogLine {
  createdAt: string;
  message: string;
  level: string;
  attempt: number;
  taskExternalId: string;
  taskDisplayName: string;
}

const LOOK_MS = 500;
/** What the API gives at once. */
const AT_ONCE = 10_000;

/** `helve logs ID`: what the tasks of a run logged, in the order of time. The one short flag is that of tail. */
export const logs: Command = {
  run: (args, io) =>
    show.run(
      args.map((one) => (one === "-f" ? "--follow" : one)),
      io,
    ),
};

const show = command({
  usage: "logs ID [--follow]",
  about: `Shows what the tasks of a run logged over the engine, the oldest first. What a program prints is in the log of its
process: helve worker run shows that.`,
  options: {
    follow: { help: "go on until the run has ended; -f does the same" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 1, max: 1 },
  examples: ["helve logs 01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000 --follow"],
  async run({ values, operands: [id = ""], io }) {
    const runId = requireId(id);
    const rest = openRest(await findEngine(values, io.env));
    const shown = new Set<string>();
    const controller = new AbortController();
    const forget = io.onSignal(() => controller.abort());
    try {
      while (!controller.signal.aborted) {
        const details = await getRun(rest, runId);
        const lines = (await linesOf(rest, details)).filter((line) => isNew(line, shown));
        for (const line of lines) io.out.write(values.json ? `${JSON.stringify(line)}\n` : `${text(line)}\n`);
        if (!values.follow) {
          if (shown.size === 0 && !values.json) io.err.write("helve: nothing has been logged\n");
          return DONE;
        }
        if (hasEnded(details.run.status)) return details.run.status === "COMPLETED" ? DONE : FAILED;
        await pause(LOOK_MS, undefined, { signal: controller.signal }).catch(() => {});
      }
      return DONE;
    } finally {
      forget();
    }
  },
});

async function linesOf(rest: Rest, { tasks }: RunDetails): Promise<LogLine[]> {
  const lists = await Promise.all(
    tasks.map((task) =>
      rest.get<{ rows?: LogLine[] }>(`stable/tasks/${task.taskExternalId}/logs`, { limit: AT_ONCE }).catch((error) => {
        throw new CommandError(`the log of task ${task.displayName} cannot be read: ${(error as Error).message}`);
      }),
    ),
  );
  return lists.flatMap(({ rows = [] }) => rows).sort((a, b) => a.createdAt.localeCompare(b.createdAt));
}

/** Lines have no number; the time has microseconds, and two equal lines of one moment are one. */
function isNew({ taskExternalId, attempt, createdAt, message }: LogLine, shown: Set<string>): boolean {
  const key = `${taskExternalId} ${attempt} ${createdAt} ${message}`;
  if (shown.has(key)) return false;
  shown.add(key);
  return true;
}

function text({ createdAt, level, taskDisplayName, attempt, message }: LogLine): string {
  const task = attempt > 1 ? `${taskDisplayName}, attempt ${attempt}` : taskDisplayName;
  return `${createdAt}  ${level.padEnd(5)}  ${printable(task)}  ${message.split("\n").map(printable).join("\n    ")}`;
}
