import { RANKS } from "@helve/store";

/** Where a task stands that nobody has been given yet, by its priority of 1 to 3. */
export function rankInLine(priority: number): number {
  return RANKS - priority;
}

const SWEEP_EVERY_MS = 1000;
/** A sweep may walk over much that is dead: it comes so seldom that it takes a twentieth of the time. */
const SWEEP_SHARE = 20;

interface Mark {
  ages: number[];
  /** The last store that had begun when these ages had been reached. */
  store: number;
}

/**
 * Where the claims of a line begin.
 *
 * Rows leave a line from its front, and each leaves an entry in the index that stays until vacuum may take it. While
 * somebody holds an old snapshot it never may, and claims that began at the front would walk over all that has died since.
 * So a claim begins where those before it have come to.
 *
 * Ages are given when a row is written and seen when it is committed, so a row may turn up behind one that was claimed
 * already. A position counts only when all stores that had begun before it was reached are done, which keeps the order of
 * one replica exact. Whatever else may stand behind it is told by {@link rewind}, or found by the sweep that begins at the
 * front once a second, and always before a line is taken to be empty.
 */
export class LinePosition {
  #from = newAges();
  #reached = newAges();
  #mark: Mark | undefined;
  #isSweep = true;
  #sweptAtMs = 0;
  #sweepTookMs = 0;

  /** Somebody may stand further ahead than claims have come: the next one begins at the front. */
  rewind(): void {
    this.#isSweep = true;
  }

  /**
   * Where a claim that is sent now begins, at each rank.
   *
   * @param oldestStore the first store that is under way; infinite when none is
   */
  begin(nowMs: number, oldestStore: number): readonly number[] {
    if (nowMs - this.#sweptAtMs > Math.max(SWEEP_EVERY_MS, SWEEP_SHARE * this.#sweepTookMs)) this.#isSweep = true;
    if (this.#isSweep) {
      this.#isSweep = false;
      this.#mark = undefined;
      this.#from = newAges();
      this.#reached = newAges();
      this.#sweptAtMs = nowMs;
    } else if (this.#mark && this.#mark.store < oldestStore) {
      this.#from = this.#mark.ages;
      this.#mark = undefined;
    }
    return this.#from;
  }

  /** Whether the claim that was sent last began at the front. */
  get isAtFront(): boolean {
    return this.#from.every((age) => age === 0);
  }

  /**
   * What that claim has found. Ages are of rows that nobody had been given before.
   *
   * @param latestStore the last store that has begun
   */
  end(rows: readonly { rank: number; age: number }[], tookMs: number, latestStore: number): void {
    if (this.isAtFront) this.#sweepTookMs = tookMs;
    for (const { rank, age } of rows) this.#reached[rank] = Math.max(this.#reached[rank] as number, age);
    this.#mark ??= { ages: [...this.#reached], store: latestStore };
  }
}

function newAges(): number[] {
  return new Array<number>(RANKS).fill(0);
}
