import type { Tracer } from "@helve/engine";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import type { OtlpProtocol } from "../config.ts";
import { RunIdGenerator } from "./run-id-generator.ts";
import { runSpans } from "./run-spans.ts";

export interface TraceExport {
  tracer: Tracer;
  /** Sends what is left. */
  stop(): Promise<void>;
}

export interface TraceExportOptions {
  /** Base URL of an OTLP receiver; `/v1/traces` is put behind it. */
  endpoint: string;
  protocol: OtlpProtocol;
  /** Of this build. */
  version: string;
  /** Of this process. */
  instance: string;
  log: Logger;
}

/** A receiver that is away may hold up the stop of an engine for so long. */
const PATIENCE_MS = 2_000;

/**
 * Exports spans by OTLP, in batches and beside the work. Headers, sampling, batches and attributes of the resource follow
 * the variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`,
 * `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`). Imported only where somebody wants traces: loading it takes time.
 */
export async function exportTraces({
  endpoint,
  protocol,
  version,
  instance,
  log,
}: TraceExportOptions): Promise<TraceExport> {
  // Its messages carry no payload: what could not be sent, and why.
  const say = (message: string) =>
    log.warn({ what: "exporting traces", reason: message }, "failed, and will be tried again");
  diag.setLogger(
    { error: say, warn: say, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const own = { "service.name": "helve-engine", "service.version": version, "service.instance.id": instance };
  const resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }));
  const exporter = await otlpExporter(protocol, `${endpoint.replace(/\/+$/, "")}/v1/traces`);
  const idGenerator = new RunIdGenerator();
  const spanProcessors = [new BatchSpanProcessor(exporter)];
  const provider = new BasicTracerProvider({ resource, idGenerator, spanProcessors });
  return {
    tracer: runSpans(provider.getTracer("helve", version), idGenerator),
    stop: () => provider.shutdown(),
  };
}

async function otlpExporter(protocol: OtlpProtocol, url: string): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter({ url, timeoutMillis: PATIENCE_MS });
}
