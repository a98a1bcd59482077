import { readFile } from "node:fs/promises";

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

/** A process that was killed before it began has none; a line that was not finished is none. */
export async function readJournal(path: string): Promise<JournalLine[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JournalLine);
}
