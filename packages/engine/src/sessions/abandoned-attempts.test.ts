import { expect, test } from "vitest";
import { AbandonedAttempts } from "./abandoned-attempts.ts";
import { attemptKey, type HeldTask, type Session } from "./session.ts";

const session = () => ({ isClosed: false, abandoned: new Map() }) as unknown as Session;

/** Gives up the first attempt of a task. @returns the key of the attempt */
function abandon(attempts: AbandonedAttempts, of: Session, id: string): string {
  const held = { task: { id, attempt: 1 }, session: of } as unknown as HeldTask;
  const key = attemptKey(id, 1);
  of.abandoned.set(key, held);
  attempts.note(held);
  return key;
}

test("knows whose attempt it was until its code has ended", () => {
  const attempts = new AbandonedAttempts();
  const one = session();
  const key = abandon(attempts, one, "task");
  expect(attempts.find(key)).toBe(one);
  attempts.delete(key);
  expect(attempts.find(key)).toBeUndefined();
});

test("remembers nothing of an attempt that takes no slots", () => {
  const attempts = new AbandonedAttempts();
  attempts.note({ task: { id: "task", attempt: 1 }, session: session() } as unknown as HeldTask);
  expect(attempts.size).toBe(0);
});

test("does not grow by attempts that are over without a report", () => {
  const attempts = new AbandonedAttempts();
  const gone = session();
  const alive = session();
  const kept = abandon(attempts, alive, "kept");
  for (let n = 0; n < 20_000; n++) {
    // Half of them with their session, half because the slots came free by themselves.
    if (n % 2 === 0) abandon(attempts, gone, `gone ${n}`);
    else alive.abandoned.delete(abandon(attempts, alive, `freed ${n}`));
    if (n === 10_000) (gone as { isClosed: boolean }).isClosed = true;
  }
  expect(attempts.size).toBeLessThan(12_000);
  for (let n = 0; n < 20_000; n++) alive.abandoned.delete(abandon(attempts, alive, `later ${n}`));
  expect(attempts.size).toBeLessThan(2_000);
  expect(attempts.find(kept)).toBe(alive);
});
