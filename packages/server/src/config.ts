import { parseArgs } from "node:util";
import { invalidArgument } from "@helve/core";
import { OPTIONS, type OptionName } from "./options.ts";

/** What a server is told when it starts. */
export interface Config {
  /** Folder of the embedded database and of the first token; undefined: the usual place of this user. */
  dataDir: string | undefined;
  host: string;
  /** 0: any that is free. So for both. */
  grpcPort: number;
  httpPort: number;
  /** Undefined: the embedded database. */
  databaseUrl: string | undefined;
  /** For the one connection that must not go through a pooler; undefined: `databaseUrl` does. */
  directDatabaseUrl: string | undefined;
  /** Where engines of one database give each other hints; undefined: through the database. Several behind commas. */
  natsUrl: string | undefined;
  /** `host:port` where clients reach gRPC, and the base URL of HTTP: written into tokens. Undefined: as listened on. */
  publicGrpcAddress: string | undefined;
  publicUrl: string | undefined;
  /** Names of PEM files. */
  tls: { cert: string; key: string; clientCa: string | undefined } | undefined;
  /** Clients of HTTP must show a certificate, as those of gRPC. */
  requiresHttpCertificates: boolean;
  /** A worker must show a certificate of its name. */
  bindsWorkerNames: boolean;
  /** Workers with a published SDK that is out of range are refused, not only marked. */
  requiresSupportedSdks: boolean;
  allowInsecure: boolean;
  logLevel: LogLevel;
  /** Written when tasks can run. */
  readyFile: string | undefined;
  /** Where traces go; undefined: there are none. */
  traces: { endpoint: string; protocol: OtlpProtocol } | undefined;
}

export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];
const OTLP_PROTOCOLS = ["http/protobuf", "http/json"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** What holds when nothing is said. */
export const DEFAULTS: Readonly<Config> = {
  dataDir: undefined,
  host: "127.0.0.1",
  grpcPort: 7070,
  httpPort: 8080,
  databaseUrl: undefined,
  directDatabaseUrl: undefined,
  natsUrl: undefined,
  publicGrpcAddress: undefined,
  publicUrl: undefined,
  tls: undefined,
  requiresHttpCertificates: false,
  bindsWorkerNames: false,
  requiresSupportedSdks: false,
  allowInsecure: false,
  logLevel: "info",
  readyFile: undefined,
  traces: undefined,
};

/**
 * Reads flags and environment; a flag counts before its variable.
 *
 * @param args what stands behind the command
 * @throws HelveError invalid_argument: one sentence that names the option and what is allowed
 */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const flags = readFlags(args);
  const text = (name: OptionName): string | undefined => flags[name] ?? (env[OPTIONS[name].env] || undefined);
  const nameOf = (name: OptionName): string => (flags[name] === undefined ? OPTIONS[name].env : `--${name}`);
  const port = (name: OptionName, otherwise: number): number => readPort(nameOf(name), text(name), otherwise);
  const config: Config = {
    dataDir: text("data-dir"),
    host: text("host") ?? DEFAULTS.host,
    grpcPort: port("grpc-port", DEFAULTS.grpcPort),
    httpPort: port("http-port", DEFAULTS.httpPort),
    databaseUrl: readUrl(nameOf("database-url"), text("database-url"), POSTGRES),
    directDatabaseUrl: readUrl(nameOf("direct-database-url"), text("direct-database-url"), POSTGRES),
    natsUrl: readUrls(nameOf("nats-url"), text("nats-url"), NATS),
    publicGrpcAddress: readAddress(nameOf("public-grpc-address"), text("public-grpc-address")),
    publicUrl: readUrl(nameOf("public-url"), text("public-url"), HTTP)?.replace(/\/+$/, ""),
    tls: readTls(text("tls-cert"), text("tls-key"), text("tls-client-ca")),
    requiresHttpCertificates: readSwitch(nameOf("require-http-certs"), text("require-http-certs")),
    bindsWorkerNames: readSwitch(nameOf("bind-worker-names"), text("bind-worker-names")),
    requiresSupportedSdks: readSwitch(nameOf("require-supported-sdks"), text("require-supported-sdks")),
    allowInsecure: readSwitch(nameOf("insecure"), text("insecure")),
    logLevel: readLogLevel(nameOf("log-level"), text("log-level")),
    readyFile: text("ready-file"),
    traces: readTraces(
      readUrl(nameOf("otlp-endpoint"), text("otlp-endpoint"), HTTP),
      nameOf("otlp-protocol"),
      text("otlp-protocol"),
    ),
  };
  checkConfig(config);
  return config;
}

/** What no single option can be wrong about. @throws HelveError invalid_argument */
export function checkConfig(config: Config): void {
  const { host, tls, bindsWorkerNames, requiresHttpCertificates, allowInsecure } = config;
  const { databaseUrl, directDatabaseUrl, natsUrl } = config;
  if (!isLoopback(host) && !tls && !allowInsecure) {
    throw invalidArgument(
      `host ${host} can be reached from other machines: give --tls-cert and --tls-key, or --insecure to do without`,
    );
  }
  if (requiresHttpCertificates && tls?.clientCa === undefined) {
    throw invalidArgument("--require-http-certs needs --tls-client-ca, which says whose certificates are good");
  }
  if (bindsWorkerNames && tls?.clientCa === undefined) {
    throw invalidArgument("--bind-worker-names needs --tls-client-ca, or workers have no certificate to show");
  }
  if (directDatabaseUrl !== undefined && databaseUrl === undefined) {
    throw invalidArgument("--direct-database-url needs --database-url beside it");
  }
  if (natsUrl !== undefined && databaseUrl === undefined) {
    throw invalidArgument("--nats-url needs --database-url beside it: an embedded database has one engine");
  }
}

function readFlags(args: readonly string[]): Partial<Record<OptionName, string>> {
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { value }]) => [name, { type: value ? "string" : "boolean" } as const]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    // Node's own sentences name the flag; what it goes on to advise is about its way to pass positionals.
    const [sentence = ""] = (error as Error).message.split(". ");
    throw invalidArgument(
      `${sentence}. Flags are: ${Object.keys(OPTIONS)
        .map((name) => `--${name}`)
        .join(", ")}`,
    );
  }
}

function readPort(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw invalidArgument(`${name} is '${text}': it must be a port from 1 to 65535, or 0 for any that is free`);
  }
  return port;
}

const POSTGRES = ["postgres:", "postgresql:"];
const HTTP = ["http:", "https:"];
const NATS = ["nats:", "tls:"];

function readUrl(name: string, text: string | undefined, protocols: readonly string[]): string | undefined {
  if (text === undefined) return undefined;
  // The text itself is not shown: it may hold a password.
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    throw invalidArgument(
      `${name} must be a URL that begins with ${protocols.map((word) => `${word}//`).join(" or ")}`,
    );
  }
  return text;
}

/** Several behind commas. */
function readUrls(name: string, text: string | undefined, protocols: readonly string[]): string | undefined {
  for (const url of text?.split(",") ?? []) readUrl(name, url.trim(), protocols);
  return text;
}

function readAddress(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(text)) {
    throw invalidArgument(`${name} is '${text}': it must be host:port, without a scheme`);
  }
  return text;
}

function readTls(cert?: string, key?: string, clientCa?: string): Config["tls"] {
  if (!cert && !key && !clientCa) return undefined;
  if (!cert || !key) throw invalidArgument("TLS needs both --tls-cert and --tls-key");
  return { cert, key, clientCa };
}

function readTraces(endpoint: string | undefined, name: string, text = "http/protobuf"): Config["traces"] {
  if (endpoint === undefined) return undefined;
  const protocol = OTLP_PROTOCOLS.find((known) => known === text);
  if (protocol === undefined) throw invalidArgument(`${name} is '${text}': it must be ${OTLP_PROTOCOLS.join(" or ")}`);
  return { endpoint, protocol };
}

function readSwitch(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw invalidArgument(`${name} is '${text}': it must be 1 or 0`);
}

function readLogLevel(name: string, text: string | undefined): LogLevel {
  if (text === undefined) return DEFAULTS.logLevel;
  const level = LOG_LEVELS.find((candidate) => candidate === text.toLowerCase());
  if (level === undefined) throw invalidArgument(`${name} is '${text}': it must be one of ${LOG_LEVELS.join(", ")}`);
  return level;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
