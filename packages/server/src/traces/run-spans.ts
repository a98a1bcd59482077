import { runTraceContext, type TraceContext, traceContextOf } from "@helve/core";
import type { AssignedTask, TracedAttempt, TracedRun, Tracer } from "@helve/engine";
import {
  type Attributes,
  type Context,
  type HrTime,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { RunIdGenerator } from "./run-id-generator.ts";

/**
 * What the engine tells of runs, as spans:
 *
 *   whoever started the run ─► helve.trigger ─┬─► helve.queue    in line, of each attempt
 *                                             └─► helve.attempt ─► helve.report
 *
 * The ids of the first are worked out from the run, so that any replica puts the others below it without having seen it.
 * Where the run came without a trace that span is what its `traceparent` names: spans of its worker stand below it too.
 * No input, output or error is in any of them.
 */
export function runSpans(otel: OtelTracer, ids: RunIdGenerator): Tracer {
  return {
    triggered(runs, times) {
      for (const run of runs) triggerSpan(otel, ids, run, times);
    },

    sent(task, { queuedAtMs, sentAtMs }) {
      const attributes = attemptAttributes(task);
      const times = { startTime: hrTime(Math.min(queuedAtMs, sentAtMs)), kind: SpanKind.INTERNAL };
      otel.startSpan("helve.queue", { ...times, attributes }, belowRun(task)).end(hrTime(sentAtMs));
    },

    attemptEnded(attempt) {
      attemptSpans(otel, attempt);
    },
  };
}

function triggerSpan(
  otel: OtelTracer,
  ids: RunIdGenerator,
  run: TracedRun,
  { askedAtMs, storedAtMs }: { askedAtMs: number; storedAtMs: number },
): void {
  const own = runTraceContext(run.id);
  const given = traceContextOf(run.metadata) ?? own;
  const isRoot = given.spanId === own.spanId;
  const attributes = {
    "helve.tenant_id": run.tenantId,
    "helve.run_id": run.id,
    "helve.workflow_name": run.workflowName,
  };
  const options = { kind: SpanKind.SERVER, startTime: hrTime(askedAtMs), attributes };
  const parent = isRoot ? ROOT_CONTEXT : below(given);
  ids.using(own, () => otel.startSpan("helve.trigger", options, parent)).end(hrTime(storedAtMs));
}

function attemptSpans(otel: OtelTracer, attempt: TracedAttempt): void {
  const { task, sentAtMs, startedAtMs = sentAtMs, reportedAtMs, outcome, endedAtMs } = attempt;
  const attributes = { ...attemptAttributes(task), "helve.outcome": outcome };
  const options = { kind: SpanKind.CONSUMER, startTime: hrTime(startedAtMs), attributes };
  const span = otel.startSpan("helve.attempt", options, belowRun(task));
  if (FAILURES.has(outcome)) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
  span.end(hrTime(reportedAtMs ?? endedAtMs));
  if (reportedAtMs === undefined) return;
  const report = { kind: SpanKind.SERVER, startTime: hrTime(reportedAtMs), attributes };
  otel.startSpan("helve.report", report, trace.setSpan(ROOT_CONTEXT, span)).end(hrTime(endedAtMs));
}

const FAILURES: ReadonlySet<string> = new Set(["failed", "timed_out", "lost", "silent"]);

function attemptAttributes(task: AssignedTask): Attributes {
  return {
    "helve.tenant_id": task.tenantId,
    "helve.run_id": task.runId,
    "helve.workflow_name": task.workflowName,
    "helve.task_id": task.id,
    "helve.task_name": task.taskName,
    "helve.attempt": task.attempt,
    "helve.worker_id": task.workerId,
  };
}

function belowRun({ runId, metadata }: AssignedTask): Context {
  const own = runTraceContext(runId);
  return below({ ...(traceContextOf(metadata) ?? own), spanId: own.spanId });
}

function below({ traceId, spanId, isSampled }: TraceContext): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** A bare number could be taken for one of `performance.now()`. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
