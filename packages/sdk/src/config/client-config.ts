import type { LogConstructor, LogLevel } from "../logging/logger.ts";
import type { Tracing } from "../tracing/tracing.ts";

/** How the connection to the engine is secured. Names are those of the environment variables. */
export interface ClientTLSConfig {
  /**
   * `tls`: the server's certificate is checked. `mtls`: the client shows one too. `none`: plain text.
   * @default "tls"
   */
  tls_strategy?: "tls" | "mtls" | "none" | undefined;
  /** Path of the client's certificate (PEM). With `mtls` only. */
  cert_file?: string | undefined;
  /** Path of the client's key (PEM). With `mtls` only. */
  key_file?: string | undefined;
  /** Path of the certificates to trust (PEM). @default those of the system */
  ca_file?: string | undefined;
  /** The name the server's certificate must bear. @default the host of the address */
  server_name?: string | undefined;
}

/** Where workers serve `/health`, `/readyz`, `/livez` and `/metrics`. Two workers need two ports. */
export interface HealthcheckOptions {
  /** @default `…_CLIENT_WORKER_HEALTHCHECK_ENABLED`, else false */
  enabled?: boolean | undefined;
  /** 0 is any that is free; the worker's `healthPort` says which. @default `…_CLIENT_WORKER_HEALTHCHECK_PORT`, else 8001 */
  port?: number | undefined;
  /** "0.0.0.0" for probes from outside, as Kubernetes makes them. @default `…_CLIENT_WORKER_HEALTHCHECK_HOST`, else "127.0.0.1" */
  host?: string | undefined;
}

/** What `init` takes. All of it may come from the environment or the token instead. */
export interface ClientOptions {
  /** API token. @default `HELVE_CLIENT_TOKEN` or `HATCHET_CLIENT_TOKEN` */
  token?: string | undefined;
  /** `host:port` of the engine's gRPC side. @default `…_CLIENT_HOST_PORT`, else what the token says */
  host_port?: string | undefined;
  /** Base URL of the engine's REST side. @default `…_CLIENT_API_URL`, else what the token says */
  api_url?: string | undefined;
  /** Prefix for names of workflows, events and workers. @default `…_CLIENT_NAMESPACE`, else none */
  namespace?: string | undefined;
  tls_config?: ClientTLSConfig | undefined;
  /** @default `…_CLIENT_LOG_LEVEL`, else "INFO" */
  log_level?: LogLevel | undefined;
  /** Makes loggers. @default lines on the console */
  logger?: LogConstructor | undefined;
  /** Largest message taken from the engine, in bytes. @default 64 MiB */
  grpc_max_recv_message_length?: number | undefined;
  /** Largest message the engine takes, in bytes: no input or output can be larger. @default 4 MiB */
  grpc_max_send_message_length?: number | undefined;
  /** After so many ms a cancelled task whose code goes on is mentioned in the log. @default 300 */
  cancellation_warning_threshold?: number | undefined;
  /** How long, in ms, a stopping worker waits for the code of cancelled tasks to end. @default 1000 */
  cancellation_grace_period?: number | undefined;
  /**
   * How long, in ms, a call (trigger, cancel, look-up) waits for an engine that cannot be reached before it fails with
   * `unavailable`. Waiting for the result of a run that was started has no limit.
   * @default 30000
   */
  request_timeout?: number | undefined;
  /** Whether workers answer probes and Prometheus. */
  healthcheck?: HealthcheckOptions | undefined;
  /** Carries traces into runs and tasks; `openTelemetry()` of `@helve/sdk/opentelemetry`. @default none */
  tracing?: Tracing | undefined;
}

/** A complete configuration. */
export interface ClientConfig {
  readonly token: string;
  readonly tenant_id: string;
  readonly host_port: string;
  /** Undefined: only what needs REST fails. */
  readonly api_url: string | undefined;
  /** Lower case and ending in `_`, or empty. */
  readonly namespace: string;
  readonly tls_config: ClientTLSConfig;
  readonly log_level: LogLevel;
  readonly logger: LogConstructor;
  readonly grpc_max_recv_message_length: number;
  readonly grpc_max_send_message_length: number;
  readonly cancellation_warning_threshold: number;
  readonly cancellation_grace_period: number;
  readonly request_timeout: number;
  readonly healthcheck: { readonly enabled: boolean; readonly host: string; readonly port: number };
  readonly tracing: Tracing | undefined;
}
