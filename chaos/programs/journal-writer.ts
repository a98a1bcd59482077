import { openSync, writeSync } from "node:fs";
import type { JournalLine } from "../checks/journal.ts";
import { now } from "../stage/now.ts";
import type { Loose } from "./sdk.ts";

/** Notes what the code of tasks does, before anything else can know of it. */
export interface JournalWriter {
  note(what: JournalLine["what"], ctx: Loose): void;
}

/** Each line is with the system when `note` returns, so it outlives this process. */
export function openJournal(path: string): JournalWriter {
  const file = openSync(path, "a");
  return {
    note(what, ctx) {
      const line: JournalLine = { at: now(), what, task: ctx.taskRunExternalId(), attempt: ctx.retryCount() + 1 };
      writeSync(file, `${JSON.stringify(line)}\n`);
    },
  };
}
