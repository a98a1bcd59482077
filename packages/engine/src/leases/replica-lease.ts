import type { WorkerId } from "@helve/core";
import {
  type Database,
  FencedError,
  fenceExpiredReplicas,
  isRetryable,
  type ReplicaId,
  renewLease,
  startReplica,
  stopReplica,
} from "@helve/store";
import type { Clock } from "../clock.ts";

const LEASE_MS = 9000;
const RENEW_MS = 3000;
const LOOK_FOR_DEAD_MS = 3000;
/** After an outage, or when the database's clock was set, others have this long to renew before they are taken for dead. */
const MERCY_MS = 2 * RENEW_MS;

export interface ReplicaLeaseDeps {
  /** Has a connection free whatever others wait for. */
  db: Database;
  /** For taking over, which waits for the locks of others. */
  fencingDb: Database;
  name: string;
  clock: Clock;
  takeBeats: () => WorkerId[];
  /** Other replicas were taken over by this one. */
  onTakeOver: (replicas: ReplicaId[]) => void;
  /** A replica has gone: it said goodbye, or a third one took over from it. */
  onGone: () => void;
  /** Told at each renewal: the schema that an engine has to have for the database as it is now. */
  onSchema: (enginesFrom: number) => void;
  /** Another replica has taken over from this one, or the lease has run out: it may not hand out any more. */
  onLost: (error: Error) => void;
  onError: (error: unknown) => void;
}

/**
 * This process's right to hand out work. It holds for some seconds from before each renewal, by this process's own
 * monotonic clock; when it cannot be renewed, the process stops handing out before others may take over.
 */
export class ReplicaLease {
  readonly #deps: ReplicaLeaseDeps;
  #id: ReplicaId | undefined;
  #lostId: ReplicaId | undefined;
  #validUntil = 0;
  /** Since when the leases in the database can be believed. */
  #credibleSince = 0;
  #replicas = 1;
  #timer: NodeJS.Timeout | undefined;
  #lookedForDeadAt = 0;
  #renewing: Promise<void> = Promise.resolve();
  /** Why the last renewal failed, if it did. */
  #trouble: string | undefined;

  constructor(deps: ReplicaLeaseDeps) {
    this.#deps = deps;
    deps.clock.onJump(() => {
      this.#credibleSince = performance.now();
    });
  }

  /** @throws before `start` */
  get id(): ReplicaId {
    if (this.#id === undefined) throw new Error("the replica has not started");
    return this.#id;
  }

  /** Replicas alive at the last renewal, this one included. */
  get replicas(): number {
    return this.#replicas;
  }

  /** Another replica has started since. */
  noteJoined(): void {
    this.#replicas = Math.max(this.#replicas, 2);
  }

  /** Why it is not valid, as far as it is known. */
  get trouble(): string {
    return this.#trouble ?? "no renewal was answered";
  }

  isValid(): boolean {
    return performance.now() < this.#validUntil;
  }

  /** Also starts anew, under another id, after it was lost. */
  async start(): Promise<void> {
    const sentAt = performance.now();
    this.#id = await startReplica(this.#deps.db, this.#deps.name, LEASE_MS);
    this.#credibleSince = sentAt;
    this.#validUntil = sentAt + LEASE_MS;
    await this.#renew();
    this.#timer = setInterval(() => {
      this.#renewing = this.#renew().catch((error: unknown) => {
        this.#trouble = (error as Error).message;
        this.#deps.onError(error);
      });
    }, RENEW_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    this.#validUntil = 0;
    // Others find the lease expired when they cannot be told.
    if (this.#id !== undefined) await stopReplica(this.#deps.db, this.#id).catch(this.#deps.onError);
  }

  async #renew(): Promise<void> {
    const { db, fencingDb, clock, takeBeats, onTakeOver, onGone, onLost, onSchema } = this.#deps;
    const sentAt = performance.now();
    const sentAtMs = Date.now();
    const { id } = this;
    const beats = takeBeats();
    const renewed = await renewLease(db, id, LEASE_MS, beats).catch((error: unknown) => {
      // A migration of the next version had begun to take the same locks in another order.
      if (!isRetryable(error)) throw error;
      return renewLease(db, id, LEASE_MS, beats);
    });
    // Of two renewals under way at the same time, one has told already.
    if (id !== this.#id || id === this.#lostId) return;
    if (!renewed) {
      clearInterval(this.#timer);
      this.#lostId = id;
      this.#validUntil = 0;
      onLost(new FencedError(id));
      return;
    }
    if (!this.isValid()) this.#credibleSince = sentAt;
    this.#validUntil = sentAt + LEASE_MS;
    this.#trouble = undefined;
    // When another came in the same moment, that one looks for what the first has left.
    if (renewed.replicas < this.#replicas) onGone();
    this.#replicas = renewed.replicas;
    clock.adjust(renewed.nowMs, sentAtMs);
    onSchema(renewed.enginesFrom);
    if (this.#replicas < 2 || sentAt - this.#lookedForDeadAt < LOOK_FOR_DEAD_MS) return;
    if (sentAt - this.#credibleSince < MERCY_MS) return;
    this.#lookedForDeadAt = sentAt;
    const dead = await fenceExpiredReplicas(fencingDb, this.id);
    if (dead.length > 0) onTakeOver(dead);
  }
}
