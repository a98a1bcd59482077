import { setTimeout as pause } from "node:timers/promises";
import { HatchetClient, HelveError, RunFailedError } from "@helve/sdk";
import type { Random } from "../plan/random.ts";
import { now } from "../stage/now.ts";
import { drawOrder, type KindName, type Order } from "./kinds.ts";

/** A run whose trigger was answered with its id: it must end, whatever happens. */
export interface Acknowledged {
  runId: string;
  kind: KindName;
  /** A cancel of it was asked for, and answered with the tasks that it cancelled. */
  cancel: "none" | "asked" | { cancelled: readonly string[] };
  /** What the caller that waited for it was told. */
  told: Told | undefined;
}

export type Told = { status: "succeeded"; output: unknown } | { status: "failed" | "cancelled" } | { error: string };

export interface CallerOptions {
  token: string;
  /** Links to engines; each has a client of its own, which take turns. */
  ports: readonly number[];
  random: Random;
}

/** Triggers runs at a steady rate, waits for their results, cancels some. It lives through everything. */
export class Caller {
  readonly acknowledged: Acknowledged[] = [];
  /** Triggers that were given up, by reason: nobody was promised anything. */
  readonly refused: Map<string, number> = new Map();
  readonly #clients: HatchetClient[];
  readonly #random: Random;
  readonly #triggering = new Set<Promise<void>>();
  readonly #cancelling = new Set<Promise<void>>();
  #sent = 0;

  constructor({ token, ports, random }: CallerOptions) {
    this.#random = random;
    this.#clients = ports.map((port) =>
      HatchetClient.init({
        token,
        host_port: `127.0.0.1:${port}`,
        tls_config: { tls_strategy: "none" },
        log_level: "OFF",
      }),
    );
  }

  /** Triggers at fixed times, whatever became of those before, until told to stop. */
  async offer(perSecond: number, signal: AbortSignal): Promise<void> {
    const beganAt = now();
    for (let n = 0; !signal.aborted; ) {
      await pause(5);
      for (; beganAt + (n * 1000) / perSecond <= now() && !signal.aborted; n++) this.#send(drawOrder(this.#random));
    }
  }

  /** Triggers as fast as it is served, in so many lanes that wait for their runs. @returns runs that ended in a second */
  async saturate(lanes: number, forMs: number): Promise<number> {
    const endsAt = now() + forMs;
    let ended = 0;
    const lane = async (): Promise<void> => {
      while (now() < endsAt) {
        await this.#trigger({ ...drawOrder(this.#random), cancelAfterMs: undefined }, () => {
          if (now() < endsAt) ended++;
        });
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return (ended * 1000) / forMs;
  }

  /** Resolves when every trigger and every cancel was answered or given up. */
  async settled(): Promise<void> {
    while (this.#triggering.size + this.#cancelling.size > 0) {
      await Promise.all([...this.#triggering, ...this.#cancelling]);
    }
  }

  untold(): Acknowledged[] {
    return this.acknowledged.filter(({ told }) => told === undefined);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #clientOfTurn(): HatchetClient {
    return this.#clients[this.#sent++ % this.#clients.length] as HatchetClient;
  }

  #send(order: Order): void {
    keep(this.#triggering, this.#trigger(order));
  }

  async #trigger({ kind, input, cancelAfterMs }: Order, onTold?: () => void): Promise<void> {
    const client = this.#clientOfTurn();
    try {
      const ref = await client.admin.runWorkflow(kind, input);
      const run: Acknowledged = { runId: ref.workflowRunId, kind, cancel: "none", told: undefined };
      this.acknowledged.push(run);
      const telling = ref.output.then(
        (output) => {
          run.told = { status: "succeeded", output };
        },
        (error: unknown) => {
          run.told = error instanceof RunFailedError ? { status: error.status } : { error: String(error) };
        },
      );
      if (onTold) await telling.then(onTold);
      if (cancelAfterMs !== undefined) keep(this.#cancelling, this.#cancel(run, cancelAfterMs));
    } catch (error) {
      const reason = error instanceof HelveError ? error.code : String(error);
      this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
    }
  }

  async #cancel(run: Acknowledged, afterMs: number): Promise<void> {
    await pause(afterMs);
    run.cancel = "asked";
    try {
      run.cancel = { cancelled: (await this.#clientOfTurn().runs.cancel(run.runId)).ids };
    } catch {
      // It may have been carried out or not.
    }
  }
}

function keep(all: Set<Promise<void>>, one: Promise<void>): void {
  all.add(one);
  void one.finally(() => all.delete(one));
}
