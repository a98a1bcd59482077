/** When jobs started in this process, in order. */
export interface Starts {
  note(): void;
  /** Resolves with the time of the nth start (from 1), past or to come. */
  nth(number: number): Promise<number>;
}

/** Ms on the machine's monotonic clock, with fractions: the same clock in every process, whatever the time of day does. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function starts(): Starts {
  const times: number[] = [];
  const waiting = new Map<number, (at: number) => void>();
  return {
    note() {
      const at = now();
      times.push(at);
      waiting.get(times.length)?.(at);
      waiting.delete(times.length);
    },
    nth(number) {
      const at = times[number - 1];
      return at === undefined ? new Promise((resolve) => waiting.set(number, resolve)) : Promise.resolve(at);
    },
  };
}
