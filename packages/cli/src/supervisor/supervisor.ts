import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Copy } from "./copy.ts";
import { startCopy } from "./copy-process.ts";
import { FleetWatch } from "./fleet-watch.ts";
import { freePort, healthVariables } from "./health-probe.ts";
import { markingVariables } from "./match-workers.ts";
import { Slot } from "./slot.ts";
import type { SupervisorDeps, SupervisorOptions } from "./supervisor-options.ts";

/** A copy whose worker carries no label is looked for this long before the next one is started. */
const MATCH_MS = 10_000;
const STEP_MS = 50;

/**
 * Keeps a number of copies of a program running, which may change. Each has a slot (slot.ts), in which one process follows
 * the other.
 *
 * Copies are started one after the other, each when the worker of the last one is known, because a worker without a label
 * can only be recognised as the one that was not there before. Once a label has been seen there is no such wait.
 */
export class Supervisor {
  readonly options: SupervisorOptions;
  #slots: Slot[] = [];
  #slotsMade = 0;
  /** The lives of all slots there ever were. */
  readonly #keeping: Promise<void>[] = [];
  readonly #deps: SupervisorDeps;
  readonly #watch: FleetWatch;
  readonly #outcome: PromiseWithResolversOf<"stopped" | "given_up"> = withResolvers();
  #turn: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(options: SupervisorOptions, deps: SupervisorDeps) {
    this.options = options;
    this.#deps = deps;
    this.#watch = new FleetWatch(options, deps);
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Resolves when it has been stopped, or when every copy has been given up; nothing runs any more then. */
  async run(): Promise<"stopped" | "given_up"> {
    this.#watch.start();
    this.scaleTo(this.options.copies);
    const outcome = await this.#outcome.promise;
    await this.stop();
    await Promise.all(this.#keeping);
    await this.#watch.stop();
    return outcome;
  }

  /** Ends all copies, each after it has done what it has. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#outcome.resolve("stopped");
    for (const slot of this.slots) slot.wake();
    const { graceMs } = this.options;
    // A copy that is being started has its turn first, and sees that it is not wanted.
    await this.#turn;
    await Promise.all([...this.#watch.copies].map((copy) => copy.retire({ reason: "stop", graceMs, drains: true })));
  }

  /** Changes the number of copies. Of those that are too many, the least busy ones go, and finish first what they have. */
  scaleTo(copies: number): void {
    while (this.#slots.length < copies && !this.#isStopping) {
      const slot = new Slot(
        ++this.#slotsMade,
        this.#slots.at(-1)?.command ?? this.options.command,
        this.options.policy,
      );
      this.#slots.push(slot);
      this.#keeping.push(this.#keep(slot));
    }
    const { graceMs } = this.options;
    const idlestFirst = this.#slots.toSorted((a, b) => busySlots(a) - busySlots(b));
    for (const slot of idlestFirst.slice(0, Math.max(0, this.#slots.length - copies))) {
      slot.isClosing = true;
      slot.wake();
      if (slot.copy) this.#deps.say(`${slot.copy.name} is drained: it is one too many`);
      void slot.copy?.retire({ reason: "one too many", graceMs, drains: true });
    }
    this.#slots = this.#slots.filter((slot) => !slot.isClosing);
  }

  /** Ends everything on the spot. */
  kill(): void {
    for (const copy of this.#watch.copies) copy.process.kill();
  }

  /** Ends the present process of each slot; the next one follows. Wakes those that wait. */
  async restart(reason: string): Promise<void> {
    const { graceMs } = this.options;
    await Promise.all(
      this.slots.map(async (slot) => {
        slot.wake();
        await slot.copy?.retire({ reason, graceMs, drains: false });
      }),
    );
  }

  /** Starts one more process for a slot; the caller sees to it that it takes the place of the present one, or ends. */
  async start(slot: Slot, command: readonly string[]): Promise<Copy | undefined> {
    const before = this.#turn;
    const turn = withResolvers<unknown>();
    this.#turn = turn.promise;
    await before;
    if (this.#isStopping) {
      turn.resolve(undefined);
      return undefined;
    }
    const launched = this.#launch(slot, command);
    void launched.then((copy) => this.#untilMatched(copy)).then(turn.resolve, turn.resolve);
    return launched;
  }

  async #launch(slot: Slot, command: readonly string[]): Promise<Copy> {
    const { env, guard, fleet, say, onLine } = this.#deps;
    const name = `${this.options.name}/${slot.nextName()}`;
    const tag = randomUUID();
    const before = await this.#watch.idsNow();
    const healthPort = this.options.limits.unhealthyMs === undefined ? undefined : await freePort();
    const process = await startCopy({
      command,
      env: { ...env, ...markingVariables(tag, env), ...(healthPort !== undefined && healthVariables(healthPort)) },
      guard,
      onLine: (stream, line) => onLine(name, stream, line),
    });
    const copy = new Copy({ name, tag, before, process, healthPort, fleet });
    this.#watch.add(copy);
    say(`${name} started, process ${process.pid}`);
    return copy;
  }

  async #untilMatched(copy: Copy): Promise<void> {
    let hasEnded = false;
    void copy.process.ended.then(() => {
      hasEnded = true;
    });
    while (this.#watch.mustMatchInTurn && !hasEnded && !this.#isStopping && copy.upMs < MATCH_MS) {
      if (copy.workerIds.size > 0) return;
      await pause(STEP_MS);
    }
  }

  /** The life of a slot. */
  async #keep(slot: Slot): Promise<void> {
    const { say } = this.#deps;
    for (;;) {
      const copy = slot.takeNext() ?? (await this.start(slot, slot.command));
      if (!copy) return;
      slot.copy = copy;
      if (slot.isClosing) void copy.retire({ reason: "one too many", graceMs: this.options.graceMs, drains: true });
      const { how, lastWords } = await copy.process.ended;
      slot.copy = undefined;
      if (this.#isStopping || slot.isClosing) return;
      if (copy.isRetired) {
        slot.crashes.reset();
        continue;
      }
      say(`${copy.name} ended by itself after ${seconds(copy.upMs)}: ${how}${lastWords ? `: ${lastWords}` : ""}`);
      await this.#recover(slot, copy);
      if (this.#isStopping || slot.isClosing) return;
    }
  }

  async #recover(slot: Slot, copy: Copy): Promise<void> {
    const { say } = this.#deps;
    if (this.options.onCrash === "wait") return slot.woken();
    const waitMs = slot.crashes.crashed(copy.upMs);
    if (waitMs !== undefined) {
      say(`${copy.name} is started again in ${seconds(waitMs)}`);
      return slot.woken(waitMs);
    }
    say(`${copy.name} is given up: it ended ${this.options.policy.maxCrashes} times in a row`);
    slot.isGivenUp = true;
    if (this.slots.every((one) => one.isGivenUp)) this.#outcome.resolve("given_up");
    await slot.woken();
    slot.isGivenUp = false;
    slot.crashes.reset();
  }
}

/** Slots of its copy's workers that are taken. */
function busySlots({ copy }: Slot): number {
  const slots = copy?.workers.flatMap(({ slotConfig = {} }) => Object.values(slotConfig)) ?? [];
  return slots.reduce((sum, { limit, available = limit }) => sum + limit - available, 0);
}

interface PromiseWithResolversOf<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function withResolvers<Value>(): PromiseWithResolversOf<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
