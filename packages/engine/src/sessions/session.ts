import { rankOf, ShortLivedMap, type TaskRunId, type TenantId, type WorkerId } from "@helve/core";
import type { WorkerRow } from "@helve/store";
import type { AssignedTask, ConnectionId, EngineStatus, Labels, WorkerStream } from "../api.ts";
import type { Clock } from "../clock.ts";
import type { Route } from "../dispatcher/route.ts";

/** A worker whose last heartbeat is older gets nothing new. Published SDKs beat every 4 s. */
export const FRESH_MS = 5000;
/**
 * A worker that has so much unread, nearly in bytes, gets nothing new: it reads slowly or not at all, and what it is sent
 * waits in the memory of this process.
 */
const MAX_UNREAD = 4 * 2 ** 20;

/** A task in the hands of a worker connected here. */
export interface HeldTask {
  readonly task: AssignedTask;
  readonly route: Route;
  readonly session: Session;
  /** By the database's clock. */
  deadlineMs: number;
  /** By the database's clock. */
  readonly sentAtMs: number;
  /** By the steady clock: when silence about it means that it was not received. */
  receiptDueMs: number;
  /** First sign that the worker has it: started, or any report. */
  startedAtMs: number | undefined;
  isStartStored: boolean;
  holdsSlots: boolean;
  /** When its worker reported an end, whatever that report changes. */
  endReportedAtMs: number | undefined;
  /** Handed out before this session: whether it reached the worker is not known. */
  readonly isAdopted: boolean;
}

/** A stream on which the worker is sent its tasks. */
export interface SessionStream {
  readonly stream: WorkerStream;
  readonly connection: ConnectionId;
  readonly isItsOwnHeartbeat: boolean;
  readonly abandonedSlotMs: number | undefined;
}

/**
 * One worker as this replica sees it, whatever protocol it speaks: its slots, what it holds, and the signs of life.
 *
 * Slots are taken when a task is about to be written as assigned and given back when the end of the task is durable. An
 * attempt that was given up while its code may still run keeps them until the worker says that the code has ended, the
 * session ends, or (published SDKs, which do not say so) some time has passed.
 */
export class Session {
  readonly workerId: WorkerId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly actions: ReadonlySet<string>;
  /** Of the stream opened last; a worker that has a higher one in its row has connected to another replica since. */
  number: number;
  readonly slots: ReadonlyMap<string, { limit: number; used: number }>;
  readonly streams: Set<SessionStream> = new Set();
  readonly connections: Set<ConnectionId> = new Set();
  readonly held: ShortLivedMap<TaskRunId, HeldTask> = new ShortLivedMap();
  /** Given up, but may still run: by task id and attempt. */
  readonly abandoned: Map<string, HeldTask> = new Map();
  labels: Labels;
  isPaused: boolean;
  /** Said goodbye: gets nothing new, keeps what it has. */
  isLeaving = false;
  quarantineReason: string | undefined;
  /** This and the moments below are of the steady clock. */
  lastBeatMs: number;
  /** When the last stream ended, while none is open. */
  streamlessSinceMs: number | undefined;
  /** When the last connection went, while none is left. */
  disconnectedSinceMs: number | undefined;
  /** Was refused work for what it has not read. */
  wasCongested = false;
  isClosed = false;
  readonly #clock: Clock;

  constructor(row: WorkerRow, clock: Clock) {
    this.#clock = clock;
    this.workerId = row.id;
    this.tenantId = row.tenantId;
    this.name = row.name;
    this.actions = new Set(row.actions);
    this.number = row.session;
    this.slots = new Map(Object.entries(row.slots).map(([kind, limit]) => [kind, { limit, used: 0 }]));
    this.labels = row.labels;
    this.isPaused = row.isPaused;
    this.lastBeatMs = clock.steady();
  }

  /** How much a route prefers it; undefined when it could never take a task there. */
  rankFor(route: Route): number | undefined {
    if (route.tenantId !== this.tenantId || !this.actions.has(route.action)) return undefined;
    if (!route.slots.every(([kind, units]) => (this.slots.get(kind)?.limit ?? 0) >= units)) return undefined;
    return rankOf(route.placement, { id: this.workerId, labels: this.labels });
  }

  /** Whether it is given new tasks at all. */
  isAccepting(): boolean {
    if (this.streams.size === 0 || this.isPaused || this.isLeaving || this.quarantineReason !== undefined) return false;
    return this.#isFresh() && !this.#isCongested();
  }

  /** Why it is given nothing, or `ready`; of several reasons the one that lasts longest. */
  state(): keyof EngineStatus["workers"] {
    if (this.quarantineReason !== undefined) return "quarantined";
    if (this.isLeaving) return "leaving";
    if (this.isPaused) return "paused";
    if (this.streams.size === 0) return "disconnected";
    if (!this.#isFresh()) return "silent";
    return this.#isCongested() ? "congested" : "ready";
  }

  /** How many tasks of a route have room here at the same time. */
  capacityFor({ slots }: Route): number {
    return Math.min(...slots.map(([kind, units]) => Math.floor((this.slots.get(kind)?.limit ?? 0) / units)));
  }

  /** Takes the slots for one task of a route, all or none. */
  take(route: Route): boolean {
    if (!this.isAccepting()) return false;
    for (const [kind, units] of route.slots) {
      const slots = this.slots.get(kind);
      if (!slots || slots.used + units > slots.limit) return false;
    }
    for (const [kind, units] of route.slots) (this.slots.get(kind) as { used: number }).used += units;
    return true;
  }

  /** Counts the slots of a task that the worker already has, even beyond the limit. */
  occupy(route: Route): void {
    for (const [kind, units] of route.slots) {
      const slots = this.slots.get(kind);
      if (slots) slots.used += units;
    }
  }

  /** Gives back the slots of one task of a route. */
  give(route: Route): void {
    for (const [kind, units] of route.slots) {
      const slots = this.slots.get(kind);
      if (slots) slots.used -= units;
    }
  }

  /** The stream opened last: a worker that came back before its old stream broke listens there. */
  currentStream(): SessionStream | undefined {
    let last: SessionStream | undefined;
    for (const stream of this.streams) last = stream;
    return last;
  }

  /** A stream is open whose worker need not say that it lives. */
  isItsOwnHeartbeat(): boolean {
    for (const stream of this.streams) if (stream.isItsOwnHeartbeat) return true;
    return false;
  }

  #isFresh(): boolean {
    return this.#clock.steady() - this.lastBeatMs < FRESH_MS || this.isItsOwnHeartbeat();
  }

  #isCongested(): boolean {
    for (const { stream } of this.streams) {
      if ((stream.unread?.() ?? 0) <= MAX_UNREAD) continue;
      this.wasCongested = true;
      return true;
    }
    return false;
  }
}

/** The key of an abandoned attempt. */
export function attemptKey(taskId: TaskRunId, attempt: number): string {
  return `${taskId}/${attempt}`;
}
