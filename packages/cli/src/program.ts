import { text } from "node:stream/consumers";
import type { WriteStream } from "node:tty";
import { runCli } from "./cli.ts";
import type { EndSignal, Io, Output } from "./io.ts";

const END_SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/**
 * One Ctrl-C arrives twice under npm and npx: the terminal sends it to every process in front, and npm passes its own on.
 * People are slower.
 */
const SAME_SIGNAL_MS = 500;

/** Runs a command line as this process: its output, its environment, its exit code. */
export async function runProgram(args: readonly string[]): Promise<void> {
  // A reader that goes away (`helve runs | head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  process.exitCode = await runCli(args, processIo());
}

/** The world as this process sees it. */
function processIo(): Io {
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    env: process.env,
    readInput: () => text(process.stdin),
    onSignal,
    abort: (exitCode) => process.exit(exitCode),
  };
}

function outputOf(stream: WriteStream): Output {
  const isTerminal = stream.isTTY === true && process.env.TERM !== "dumb";
  return {
    write: (line) => void stream.write(line),
    isTerminal,
    hasColour: isTerminal && !process.env.NO_COLOR,
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

function onSignal(listener: (signal: EndSignal) => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  const hear = (signal: EndSignal): void => {
    const isSame = performance.now() - lastAt < SAME_SIGNAL_MS;
    lastAt = performance.now();
    if (!isSame) listener(signal);
  };
  for (const signal of END_SIGNALS) process.on(signal, hear);
  return () => {
    for (const signal of END_SIGNALS) process.off(signal, hear);
  };
}
