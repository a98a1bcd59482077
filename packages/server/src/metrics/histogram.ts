import type { MetricObjectWithValues, MetricValueWithName } from "prom-client";

export interface HistogramOptions {
  name: string;
  help: string;
  /** Upper bounds, ascending. */
  buckets: readonly number[];
  /** A label and all of its values. */
  label?: { name: string; values: readonly string[] };
}

interface Series {
  /** Of each bucket alone; the last one is for what is above all bounds. */
  counts: number[];
  sum: number;
}

/**
 * A histogram that takes tens of thousands of values a second: prom-client's own spends a microsecond on each, most of it
 * on finding the series by its labels. It registers and prints like one of theirs.
 */
export class Histogram {
  readonly name: string;
  readonly #options: HistogramOptions;
  readonly #series: ReadonlyMap<string, Series>;

  constructor(options: HistogramOptions) {
    this.name = options.name;
    this.#options = options;
    const keys = options.label?.values ?? [""];
    this.#series = new Map(
      keys.map((key) => [key, { counts: new Array<number>(options.buckets.length + 1).fill(0), sum: 0 }]),
    );
  }

  /** @param series value of the label; one that was not announced is not counted */
  observe(value: number, series = ""): void {
    const found = this.#series.get(series);
    if (!found) return;
    const { buckets } = this.#options;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] as number)) at++;
    found.counts[at] = (found.counts[at] as number) + 1;
    found.sum += value;
  }

  /** What the registry asks for at a scrape. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help, label } = this.#options;
    const values: MetricValueWithName<string>[] = [];
    for (const [key, series] of this.#series) values.push(...this.#lines(series, label ? { [label.name]: key } : {}));
    return { name, help, type: "histogram" as never, aggregator: "sum", values, collect() {} };
  }

  /** The registry wants every metric to have it. */
  reset(): void {
    for (const series of this.#series.values()) {
      series.counts.fill(0);
      series.sum = 0;
    }
  }

  #lines({ counts, sum }: Series, labels: Record<string, string>): MetricValueWithName<string>[] {
    const { name, buckets } = this.#options;
    let count = 0;
    const lines = counts.map((own, at) => {
      count += own;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: buckets[at] ?? "+Inf" }, value: count };
    });
    return [
      ...lines,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
