import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { errorMessage } from "../errors.ts";
import { SDK_VERSION } from "../version.ts";
import type { TracedTask, Tracing } from "./tracing.ts";

/**
 * Traces with OpenTelemetry: runs started within a span become a part of its trace, and the code of a task runs in a span
 * `helve.task` of the trace of its run. The program registers a tracer provider and a context manager as it always does,
 * before or after; without them nothing is recorded.
 */
export function openTelemetry(): Tracing {
  const tracer = trace.getTracer("@helve/sdk", SDK_VERSION);
  return {
    traceparent() {
      const active = trace.getActiveSpan()?.spanContext();
      if (active === undefined || !isSpanContextValid(active)) return undefined;
      const flags = active.traceFlags.toString(16).padStart(2, "0");
      return `00-${active.traceId}-${active.spanId}-${flags}`;
    },

    runTask(task, code) {
      const parent = parentOf(task);
      const outside = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const span = tracer.startSpan("helve.task", { kind: SpanKind.CONSUMER, attributes: attributesOf(task) }, outside);
      return context.with(trace.setSpan(outside, span), () => endWith(span, code));
    },
  };
}

function endWith(span: Span, code: () => unknown): unknown {
  let result: unknown;
  try {
    result = code();
  } catch (error) {
    fail(span, error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then(
    (output) => {
      span.end();
      return output;
    },
    (error: unknown) => {
      fail(span, error);
      throw error;
    },
  );
}

function fail(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : errorMessage(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
  span.end();
}

function attributesOf({ taskId, runId, taskName, attempt, workerId }: TracedTask): Record<string, string | number> {
  return {
    "helve.run_id": runId,
    "helve.task_id": taskId,
    "helve.task_name": taskName,
    "helve.attempt": attempt,
    ...(workerId !== undefined && { "helve.worker_id": workerId }),
  };
}

/** The engine sees to it that what stands there is well-formed. */
function parentOf({ metadata }: TracedTask): SpanContext | undefined {
  const { traceparent } = JSON.parse(metadata || "{}") as { traceparent?: string };
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
