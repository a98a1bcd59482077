import { jsonMembers, type RunId } from "@helve/core";

/** Announced again at every sweep, which is every 10 s; two may be missed. */
const REMEMBERED_MS = 30_000;

/** What is listened to at other replicas, as they said lately. */
export class RemoteListeners {
  readonly #steady: () => number;
  /** Until when, by the steady clock. */
  readonly #runs = new Map<RunId, number>();
  /** By key and value, as JSON. */
  readonly #metadata = new Map<string, { key: string; value: string; untilMs: number }>();

  constructor(steady: () => number) {
    this.#steady = steady;
  }

  note(runs: readonly RunId[], metadata: readonly (readonly [string, string])[]): void {
    this.#forgetOld();
    const untilMs = this.#steady() + REMEMBERED_MS;
    for (const runId of runs) {
      this.#runs.delete(runId);
      this.#runs.set(runId, untilMs);
    }
    for (const [key, value] of metadata) {
      const id = JSON.stringify([key, value]);
      this.#metadata.delete(id);
      this.#metadata.set(id, { key, value, untilMs });
    }
  }

  /** Whether somebody may want events of this run, as far as its id says. */
  mayHear(runId: RunId): boolean {
    if (this.#runs.size === 0 && this.#metadata.size === 0) return false;
    this.#forgetOld();
    return this.#metadata.size > 0 || this.#runs.has(runId);
  }

  /** @param metadata JSON object text of the run */
  hears(runId: RunId, metadata: string): boolean {
    if (!this.mayHear(runId)) return false;
    if (this.#runs.has(runId)) return true;
    const members = jsonMembers(metadata);
    for (const { key, value } of this.#metadata.values()) if (hasMember(members, key, value)) return true;
    return false;
  }

  /** Old ones come first: a map keeps the order in which they were added. */
  #forgetOld(): void {
    const nowMs = this.#steady();
    for (const [runId, untilMs] of this.#runs) {
      if (untilMs > nowMs) break;
      this.#runs.delete(runId);
    }
    for (const [id, { untilMs }] of this.#metadata) {
      if (untilMs > nowMs) break;
      this.#metadata.delete(id);
    }
  }
}

/** Whether a run's metadata has this text under this key. */
export function hasMember(members: ReturnType<typeof jsonMembers>, key: string, value: string): boolean {
  return members.findLast((member) => member.key === key)?.rawValue === JSON.stringify(value);
}
