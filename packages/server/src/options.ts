interface Option {
  /** The environment variable that says the same. */
  env: string;
  /** What the value is called in help texts; undefined for a switch. */
  value: string | undefined;
  help: string;
}

/** A flag, without its dashes. */
export type OptionName =
  | "data-dir"
  | "host"
  | "grpc-port"
  | "http-port"
  | "database-url"
  | "direct-database-url"
  | "nats-url"
  | "public-grpc-address"
  | "public-url"
  | "tls-cert"
  | "tls-key"
  | "tls-client-ca"
  | "require-http-certs"
  | "bind-worker-names"
  | "require-supported-sdks"
  | "insecure"
  | "log-level"
  | "ready-file"
  | "otlp-endpoint"
  | "otlp-protocol";

/** The flags of `serve`, each with its environment variable. */
export const OPTIONS: Readonly<Record<OptionName, Option>> = {
  "data-dir": {
    env: "HELVE_DATA_DIR",
    value: "FOLDER",
    help: "where the embedded database and the first token are kept",
  },
  host: { env: "HELVE_HOST", value: "ADDRESS", help: "address to listen on; default 127.0.0.1" },
  "grpc-port": { env: "HELVE_GRPC_PORT", value: "PORT", help: "port for gRPC; default 7070, 0 for any that is free" },
  "http-port": { env: "HELVE_HTTP_PORT", value: "PORT", help: "port for HTTP; default 8080, 0 for any that is free" },
  "database-url": { env: "DATABASE_URL", value: "URL", help: "your own PostgreSQL instead of the embedded one" },
  "direct-database-url": {
    env: "HELVE_DIRECT_DATABASE_URL",
    value: "URL",
    help: "the same database past a pooler in transaction mode",
  },
  "nats-url": {
    env: "HELVE_NATS_URL",
    value: "URL",
    help: "NATS over which engines of one database give each other hints",
  },
  "public-grpc-address": {
    env: "HELVE_PUBLIC_GRPC_ADDRESS",
    value: "HOST:PORT",
    help: "where clients reach gRPC; written into tokens",
  },
  "public-url": { env: "HELVE_PUBLIC_URL", value: "URL", help: "where clients reach HTTP; written into tokens" },
  "tls-cert": { env: "HELVE_TLS_CERT", value: "FILE", help: "certificate chain, PEM" },
  "tls-key": { env: "HELVE_TLS_KEY", value: "FILE", help: "its private key, PEM" },
  "tls-client-ca": {
    env: "HELVE_TLS_CLIENT_CA",
    value: "FILE",
    help: "clients must show a certificate signed by this",
  },
  "require-http-certs": {
    env: "HELVE_REQUIRE_HTTP_CERTS",
    value: undefined,
    help: "clients of HTTP must show one too, but for probes",
  },
  "bind-worker-names": {
    env: "HELVE_BIND_WORKER_NAMES",
    value: undefined,
    help: "a worker must show a certificate that has its name",
  },
  "require-supported-sdks": {
    env: "HELVE_REQUIRE_SUPPORTED_SDKS",
    value: undefined,
    help: "refuse workers whose SDK is out of the supported range",
  },
  insecure: {
    env: "HELVE_ALLOW_INSECURE",
    value: undefined,
    help: "listen without TLS where other machines can connect",
  },
  "log-level": { env: "HELVE_LOG_LEVEL", value: "LEVEL", help: "trace, debug, info, warn, error, fatal or silent" },
  "ready-file": {
    env: "HELVE_READY_FILE",
    value: "FILE",
    help: "written with addresses and a token when tasks can run",
  },
  "otlp-endpoint": {
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    value: "URL",
    help: "receiver of traces over HTTP; none: no traces",
  },
  "otlp-protocol": {
    env: "OTEL_EXPORTER_OTLP_PROTOCOL",
    value: "PROTOCOL",
    help: "http/protobuf, the default, or http/json",
  },
};

/** One line an option, for people. */
export function describeOptions(): string {
  const rows = Object.entries(OPTIONS).map(([name, { env, value, help }]) => {
    return [value ? `--${name} ${value}` : `--${name}`, `${help} (${env})`] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`).join("\n");
}
