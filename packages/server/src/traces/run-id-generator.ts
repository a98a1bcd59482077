import type { TraceContext } from "@helve/core";
import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace-base";

/** Random ids, but for spans whose ids are known before. */
export class RunIdGenerator implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #known: TraceContext | undefined;

  /** Whatever span `start` makes has these ids; of its trace only when it has no parent. */
  using<Span>(known: TraceContext, start: () => Span): Span {
    this.#known = known;
    try {
      return start();
    } finally {
      this.#known = undefined;
    }
  }

  generateTraceId = (): string => this.#known?.traceId ?? this.#random.generateTraceId();
  generateSpanId = (): string => this.#known?.spanId ?? this.#random.generateSpanId();
}
