import { helve } from "@helve/contracts";
import { MAX_FRAME_CHARS, MAX_FRAME_ITEMS } from "./frame-limits.ts";

/** An attempt whose start is to be confirmed, unless its end is told first. */
export interface StartedAttempt {
  readonly taskId: string;
  readonly attempt: number;
  /** Its end has been reported. */
  readonly isReported: boolean;
}

/** How many characters may wait before writers of logs and chunks are asked to wait. */
const ROOM_CHARS = 8 * MAX_FRAME_CHARS;

/**
 * What a worker has to say and has not yet written. One call of `takeFrame` gathers all of it, up to a limit of size.
 *
 * A start is told only if the attempt has not ended by then: any report is a receipt, so a task that is done within one
 * turn of the event loop costs one report instead of two.
 */
export class WorkerOutbox {
  #started: StartedAttempt[] = [];
  #reports: helve.Report[] = [];
  #logs: helve.LogLine[] = [];
  #chunks: helve.StreamChunk[] = [];
  #refreshTimeouts: helve.RefreshTimeout[] = [];
  #releaseSlots: string[] = [];
  #labels: helve.Label[] = [];
  #chars = 0;
  #isDraining: "no" | "to tell" | "told" = "no";
  #waitingForRoom: (() => void)[] = [];

  get isEmpty(): boolean {
    return (
      this.#started.length === 0 &&
      this.#reports.length === 0 &&
      this.#logs.length === 0 &&
      this.#chunks.length === 0 &&
      this.#refreshTimeouts.length === 0 &&
      this.#releaseSlots.length === 0 &&
      this.#labels.length === 0 &&
      this.#isDraining !== "to tell"
    );
  }

  started(attempt: StartedAttempt): void {
    this.#started.push(attempt);
  }

  report(report: helve.Report): void {
    this.#reports.push(report);
    this.#chars += report.payload.length;
  }

  log(line: helve.LogLine): void {
    this.#logs.push(line);
    this.#chars += line.message.length + line.metadata.length;
  }

  chunk(chunk: helve.StreamChunk): void {
    this.#chunks.push(chunk);
    this.#chars += chunk.content.length;
  }

  refreshTimeout(request: helve.RefreshTimeout): void {
    this.#refreshTimeouts.push(request);
  }

  releaseSlot(taskId: string): void {
    this.#releaseSlots.push(taskId);
  }

  labels(labels: helve.Label[]): void {
    this.#labels.push(...labels);
  }

  drain(): void {
    if (this.#isDraining === "no") this.#isDraining = "to tell";
  }

  /** The stream is new: questions are asked again, and that this worker takes nothing is told again. */
  newStream(unansweredRefreshes: helve.RefreshTimeout[]): void {
    this.#refreshTimeouts = unansweredRefreshes;
    if (this.#isDraining === "told") this.#isDraining = "to tell";
  }

  /** Resolves when what waits is little enough to add to it. Undefined: it is. */
  room(): Promise<void> | undefined {
    if (this.#chars < ROOM_CHARS) return undefined;
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Attempts whose end is told in what waits. */
  attempts(): helve.Attempt[] {
    return this.#reports.map(({ taskId, attempt }) => ({ taskId, attempt }));
  }

  /** @returns undefined when there is nothing to say */
  takeFrame(number: number): helve.WorkerFrame | undefined {
    if (this.isEmpty) return undefined;
    const isDraining = this.#isDraining === "to tell";
    if (isDraining) this.#isDraining = "told";
    const frame: helve.WorkerFrame = {
      number,
      // Starts go first: their attempts are among those that are not reported.
      reports: this.#takeStarts(),
      logs: [],
      chunks: [],
      refreshTimeouts: this.#refreshTimeouts,
      releaseSlots: this.#releaseSlots,
      labels: this.#labels,
      draining: isDraining,
    };
    this.#refreshTimeouts = [];
    this.#releaseSlots = [];
    this.#labels = [];
    if (this.#chars <= MAX_FRAME_CHARS && this.#reports.length <= MAX_FRAME_ITEMS) this.#takeAllInto(frame);
    else this.#takeSomeInto(frame);
    return frame;
  }

  #takeStarts(): helve.Report[] {
    const reports: helve.Report[] = [];
    for (const attempt of this.#started) {
      if (!attempt.isReported) reports.push(startReport(attempt));
    }
    this.#started = [];
    return reports;
  }

  #takeAllInto(frame: helve.WorkerFrame): void {
    frame.reports = frame.reports.length === 0 ? this.#reports : frame.reports.concat(this.#reports);
    frame.logs = this.#logs;
    frame.chunks = this.#chunks;
    this.#reports = [];
    this.#logs = [];
    this.#chunks = [];
    this.#setChars(0);
  }

  /** Logs and chunks before reports, so that those of a task do not come after its end. */
  #takeSomeInto(frame: helve.WorkerFrame): void {
    const budget = { chars: MAX_FRAME_CHARS, items: MAX_FRAME_ITEMS };
    frame.logs = takeWithin(this.#logs, budget, (line) => line.message.length + line.metadata.length);
    frame.chunks = takeWithin(this.#chunks, budget, (chunk) => chunk.content.length);
    frame.reports.push(...takeWithin(this.#reports, budget, (report) => report.payload.length));
    this.#setChars(this.#chars - (MAX_FRAME_CHARS - budget.chars));
  }

  #setChars(chars: number): void {
    this.#chars = chars;
    if (this.#waitingForRoom.length === 0 || chars >= ROOM_CHARS) return;
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const resolve of waiting) resolve();
  }
}

function startReport({ taskId, attempt }: StartedAttempt): helve.Report {
  return { taskId, attempt, outcome: helve.Outcome.OUTCOME_STARTED, payload: "", notRetryable: false };
}

/** Takes items off the front while they fit; an item that fits nowhere goes when nothing was taken before it. */
function takeWithin<Item>(
  items: Item[],
  budget: { chars: number; items: number },
  sizeOf: (item: Item) => number,
): Item[] {
  let count = 0;
  for (; count < items.length && budget.items > 0; count += 1) {
    const size = sizeOf(items[count] as Item);
    if (size > budget.chars && budget.chars < MAX_FRAME_CHARS) break;
    budget.chars -= size;
    budget.items -= 1;
  }
  return items.splice(0, count);
}
