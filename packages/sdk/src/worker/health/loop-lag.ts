import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** Each look wakes the process, which costs some 40 µs. */
const RESOLUTION_MS = 100;
/** What was longer ago is forgotten. */
const WINDOW_MS = 30_000;

/** How late the timers of this process are, over the last half to whole minute. */
export class LoopLag {
  #current: IntervalHistogram = watch();
  #before: IntervalHistogram | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref();
  }

  /** @param quantile 0 to 1, 1 being the worst @returns ms */
  ms(quantile: number): number {
    return Math.max(lagOf(this.#current, quantile), this.#before ? lagOf(this.#before, quantile) : 0);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#current.disable();
  }

  #turn(): void {
    this.#current.disable();
    this.#before = this.#current;
    this.#current = watch();
  }
}

function watch(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

/** The monitor counts from one look to the next. */
function lagOf(histogram: IntervalHistogram, quantile: number): number {
  if (histogram.count === 0) return 0;
  const ns = quantile === 1 ? histogram.max : histogram.percentile(quantile * 100);
  return Math.max(0, ns / 1e6 - RESOLUTION_MS);
}
