import { setTimeout as pause } from "node:timers/promises";
import type { Fleet } from "../engine/workers.ts";
import type { Copy } from "./copy.ts";
import { countFinished } from "./fleet-watch.ts";
import type { Slot } from "./slot.ts";
import type { Supervisor } from "./supervisor.ts";

export interface RollOptions {
  /** What runs now, to go back to. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** How long a new copy may take until the engine gives it work. */
  readonly readyMs: number;
  /** Share of failed tasks, 0 to 1, above which the new ones are taken back; undefined: not looked at. */
  readonly maxFailureRate: number | undefined;
  /** How long their tasks are looked at after the last was started. */
  readonly watchMs: number;
  readonly fleet: Fleet;
  say(text: string): void;
}

const STEP_MS = 100;
const RATE_LOOK_MS = 2000;
/** Of fewer tasks no rate can be told. */
const LEAST_TASKS = 10;

/**
 * Replaces copies one by one: starts a new one, waits until its worker is given work, drains the old one.
 *
 *   for each slot:  start new ──ready──► drain old ──► next slot
 *                       └── ended, or not active in time ──► end it, the old one stays, and back for those before
 *
 * When all are new, the share of failed tasks decides whether they stay.
 *
 * @returns whether the new ones stay
 */
export async function roll(supervisor: Supervisor, options: RollOptions): Promise<boolean> {
  const { from, to, say } = options;
  const replaced: Slot[] = [];
  for (const slot of supervisor.slots) {
    if (supervisor.isStopping) return false;
    const problem = await replace(supervisor, slot, to, options);
    if (problem !== undefined) {
      say(`the roll stops at slot ${slot.number}: ${problem}`);
      await goBack(supervisor, replaced, options);
      return false;
    }
    replaced.push(slot);
  }
  const tooMany = await watchFailures(supervisor, options);
  if (tooMany === undefined) {
    say(`all ${replaced.length} copies are new`);
    return true;
  }
  say(`${tooMany}${from.join("\0") === to.join("\0") ? "; there is no other release to go back to" : ""}`);
  await goBack(supervisor, replaced, options);
  return false;
}

/** @returns what is wrong with the new copy; the old one is still there then */
async function replace(
  supervisor: Supervisor,
  slot: Slot,
  command: readonly string[],
  { readyMs }: Pick<RollOptions, "readyMs">,
): Promise<string | undefined> {
  const { graceMs } = supervisor.options;
  const copy = await supervisor.start(slot, command);
  if (!copy) return "the supervisor stops";
  const problem = await untilActive(copy, readyMs);
  if (problem !== undefined) {
    await copy.retire({ reason: problem, graceMs, drains: false });
    return `${copy.name} ${problem}`;
  }
  slot.command = command;
  const old = slot.copy;
  slot.putNext(copy);
  await old?.retire({ reason: "replaced", graceMs, drains: true });
  return undefined;
}

async function untilActive(copy: Copy, readyMs: number): Promise<string | undefined> {
  let problem: string | undefined;
  void copy.process.ended.then(({ how, lastWords }) => {
    problem = `ended: ${how}${lastWords ? `: ${lastWords}` : ""}`;
  });
  while (!copy.isActive) {
    await pause(STEP_MS);
    if (problem !== undefined) return problem;
    if (copy.upMs > readyMs) return `was not active within ${Math.round(readyMs / 1000)} s`;
  }
  return problem;
}

async function goBack(supervisor: Supervisor, slots: readonly Slot[], options: RollOptions): Promise<void> {
  const { from, to, say } = options;
  if (slots.length === 0 || from.join("\0") === to.join("\0")) return;
  say(`${slots.length} new ${slots.length === 1 ? "copy is" : "copies are"} taken back`);
  for (const slot of slots) {
    if (supervisor.isStopping) return;
    const problem = await replace(supervisor, slot, from, options);
    if (problem !== undefined) say(`the old release does not start either: ${problem}`);
  }
  say("the old release runs again");
}

/** @returns what is wrong with the new copies' tasks */
async function watchFailures(supervisor: Supervisor, options: RollOptions): Promise<string | undefined> {
  const { maxFailureRate, watchMs, fleet } = options;
  if (maxFailureRate === undefined) return undefined;
  for (const startedAt = performance.now(); performance.now() - startedAt < watchMs && !supervisor.isStopping; ) {
    await pause(RATE_LOOK_MS);
    const copies = supervisor.slots.flatMap((slot) => slot.copy ?? []);
    const counts = await Promise.all(copies.map((copy) => countFinished(copy, fleet))).catch(() => []);
    const failed = counts.reduce((sum, count) => sum + count.failed, 0);
    const all = counts.reduce((sum, count) => sum + count.failed + count.completed, 0);
    if (all >= LEAST_TASKS && failed / all > maxFailureRate) {
      return `${failed} of ${all} tasks of the new copies failed, more than ${Math.round(maxFailureRate * 100)} %`;
    }
  }
  return undefined;
}
