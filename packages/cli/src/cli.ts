import { asksForHelp, type Command } from "./arguments/command.ts";
import { CommandError, DONE, FAILED, MISUSED, UsageError } from "./exit-codes.ts";
import type { Io } from "./io.ts";

interface Entry {
  summary: string;
  /** Loaded when it is called: the server and its libraries take longer to load than a list takes to print. */
  load(): Promise<Command>;
}

/** The commands, in the order in which help shows them. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  dev: {
    summary: "run an engine with a sample worker and show a sample run; what `npm start` does",
    load: async () => (await import("./commands/dev.ts")).dev,
  },
  serve: { summary: "run an engine", load: async () => (await import("./commands/serve.ts")).serve },
  migrate: {
    summary: "bring a database to the schema of this version, or back to an earlier one",
    load: async () => (await import("./commands/migrate.ts")).migrate,
  },
  trigger: { summary: "start a run", load: async () => (await import("./commands/trigger.ts")).trigger },
  runs: { summary: "list runs", load: async () => (await import("./commands/runs.ts")).runs },
  run: { summary: "show one run and its tasks", load: async () => (await import("./commands/run.ts")).run },
  cancel: { summary: "cancel runs or tasks", load: async () => (await import("./commands/cancel.ts")).cancel },
  replay: {
    summary: "run finished runs or tasks again",
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  logs: { summary: "show what the tasks of a run logged", load: async () => (await import("./commands/logs.ts")).logs },
  worker: {
    summary: "keep worker programs running, or run one while it is written",
    load: async () => (await import("./commands/worker.ts")).worker,
  },
  workers: {
    summary: "list, pause, resume and drain workers",
    load: async () => (await import("./commands/workers.ts")).workers,
  },
  workflows: {
    summary: "list, pause and resume workflows",
    load: async () => (await import("./commands/workflows.ts")).workflows,
  },
  actions: {
    summary: "list what workers must be able to do, and whether any can",
    load: async () => (await import("./commands/actions.ts")).actions,
  },
  dashboard: {
    summary: "print a link that opens the dashboard, signed in",
    load: async () => (await import("./commands/dashboard.ts")).dashboard,
  },
  cert: {
    summary: "make certificates for engines, workers and PostgreSQL",
    load: async () => (await import("./commands/cert.ts")).cert,
  },
  token: { summary: "make, list and revoke API tokens", load: async () => (await import("./commands/token.ts")).token },
};

/**
 * Runs one command line.
 *
 * @param args what stands behind `helve`
 * @returns the exit code: 0 done, 1 failed, 2 not understood
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name.startsWith("-")) return overview(args, io);
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    io.err.write(`helve: there is no command '${name}'; commands are ${Object.keys(COMMANDS).join(", ")}\n`);
    return MISUSED;
  }
  try {
    return await (await entry.load()).run(rest, io);
  } catch (error) {
    return explain(error, name, io);
  }
}

function overview(args: readonly string[], io: Io): number {
  const isWanted = args.length === 0 || args[0] === "help" || asksForHelp(args);
  if (!isWanted) {
    io.err.write(`helve: '${args[0]}' is no command; see helve --help\n`);
    return MISUSED;
  }
  io.out.write(OVERVIEW);
  return DONE;
}

const OVERVIEW = `helve — a task engine on Postgres

Usage: helve COMMAND [flags]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join("\n")}

helve COMMAND --help says more about one. Exit codes: 0 done, 1 failed, 2 not understood.
`;

function explain(error: unknown, name: string, io: Io): number {
  if (error instanceof UsageError) {
    io.err.write(`helve: ${error.message}\nhelve ${name} --help says more.\n`);
    return MISUSED;
  }
  io.err.write(`helve: ${sentence(error)}\n`);
  return FAILED;
}

/** What was foreseen says it in a sentence; of anything else the whole is needed to find out. */
function sentence(error: unknown): string {
  if (error instanceof CommandError || isHelveError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** By name, since the server's errors and the SDK's are classes of their own, and neither is loaded here. */
function isHelveError(error: unknown): error is Error {
  return error instanceof Error && error.name === "HelveError" && (error as { code?: string }).code !== "internal";
}
