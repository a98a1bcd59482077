/** Counts to an end that somebody waits for. */
export interface Countdown {
  tick(): void;
  readonly done: Promise<void>;
}

export function countdown(count: number): Countdown {
  let left = count;
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    done,
    tick() {
      left--;
      if (left === 0) finish();
    },
  };
}
