import { readFile } from "node:fs/promises";
import type { ChaosWorker } from "../stage/worker.ts";

/** Something that the code of a task did. */
export interface JournalLine {
  /** By the machine's monotonic clock, the same for all processes, in ms. */
  at: number;
  /** `given up`: its abort signal fired; the end of the code follows. */
  what: "started" | "given up" | "returned" | "threw";
  task: string;
  attempt: number;
}

/** What one worker process wrote down, in order. */
export interface Journal {
  worker: string;
  /** Undefined: not checked. */
  slots: number | undefined;
  lines: JournalLine[];
}

/** Of every process that a worker has had. */
export async function readJournals(workers: readonly ChaosWorker[]): Promise<Journal[]> {
  const journals: Journal[] = [];
  for (const worker of workers) {
    // A published client is not told which of its attempts were given up, and goes on with them.
    const slots = worker.kind === "own" ? worker.slots : undefined;
    for (const path of worker.journals()) {
      journals.push({ worker: worker.child.title, slots, lines: await readJournal(path) });
    }
  }
  return journals;
}

/** A process that was killed before it began has none; a line that was not finished is none. */
async function readJournal(path: string): Promise<JournalLine[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JournalLine);
}
