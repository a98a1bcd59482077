import { HelveError } from "../errors.ts";
import { consoleLogger, type LogLevel } from "../logging/logger.ts";
import type { ClientConfig, ClientOptions, ClientTLSConfig } from "./client-config.ts";
import { type Environment, readVariable } from "./environment.ts";
import { namespacePrefix } from "./namespace.ts";
import { readToken } from "./token.ts";

const MIB = 1024 * 1024;
const TLS_STRATEGIES = ["tls", "mtls", "none"] as const;
const LOG_LEVELS = ["OFF", "DEBUG", "INFO", "WARN", "ERROR"] as const;

/**
 * Completes options from the environment and the token, in this order of precedence.
 *
 * @throws HelveError invalid_argument naming the setting that is missing or wrong, and the variable that would set it
 */
export function resolveConfig(options: ClientOptions, env: Environment): ClientConfig {
  const token = options.token ?? readVariable(env, "TOKEN");
  if (token === undefined || token === "") {
    throw new HelveError("invalid_argument", "no API token: set HELVE_CLIENT_TOKEN, or give { token } to init()");
  }
  const claims = readToken(token);
  const hostPort = options.host_port ?? readVariable(env, "HOST_PORT") ?? claims.grpcAddress;
  if (hostPort === undefined) {
    throw new HelveError(
      "invalid_argument",
      "no address of the engine: the token names none, so set HELVE_CLIENT_HOST_PORT, or give { host_port } to init()",
    );
  }
  return {
    token,
    tenant_id: claims.tenantId,
    host_port: hostPort,
    api_url: options.api_url ?? readVariable(env, "API_URL") ?? readVariable(env, "SERVER_URL") ?? claims.serverUrl,
    namespace: namespacePrefix(options.namespace ?? readVariable(env, "NAMESPACE")),
    tls_config: resolveTls(options.tls_config ?? {}, env),
    log_level: oneOf(LOG_LEVELS, "LOG_LEVEL", options.log_level ?? logLevelOf(env)) ?? "INFO",
    logger: options.logger ?? consoleLogger,
    grpc_max_recv_message_length:
      options.grpc_max_recv_message_length ?? readCount(env, "GRPC_MAX_RECV_MESSAGE_LENGTH") ?? 64 * MIB,
    grpc_max_send_message_length:
      options.grpc_max_send_message_length ?? readCount(env, "GRPC_MAX_SEND_MESSAGE_LENGTH") ?? 4 * MIB,
    cancellation_warning_threshold: options.cancellation_warning_threshold ?? 300,
    cancellation_grace_period: options.cancellation_grace_period ?? 1_000,
    request_timeout: options.request_timeout ?? readCount(env, "REQUEST_TIMEOUT") ?? 30_000,
    healthcheck: {
      enabled: options.healthcheck?.enabled ?? readVariable(env, "WORKER_HEALTHCHECK_ENABLED") === "true",
      port: options.healthcheck?.port ?? readCount(env, "WORKER_HEALTHCHECK_PORT") ?? 8001,
      host: options.healthcheck?.host ?? readVariable(env, "WORKER_HEALTHCHECK_HOST") ?? "127.0.0.1",
    },
    tracing: options.tracing,
  };
}

/** How the connection is secured. @throws HelveError as {@link resolveConfig} does */
export function resolveTls(options: ClientTLSConfig, env: Environment): ClientTLSConfig {
  const strategy = options.tls_strategy ?? readVariable(env, "TLS_STRATEGY");
  return {
    tls_strategy: oneOf(TLS_STRATEGIES, "TLS_STRATEGY", strategy) ?? "tls",
    cert_file: options.cert_file ?? readVariable(env, "TLS_CERT_FILE"),
    key_file: options.key_file ?? readVariable(env, "TLS_KEY_FILE"),
    ca_file: options.ca_file ?? readVariable(env, "TLS_ROOT_CA_FILE"),
    server_name: options.server_name ?? readVariable(env, "TLS_SERVER_NAME"),
  };
}

function logLevelOf(env: Environment): string | undefined {
  return readVariable(env, "LOG_LEVEL")?.toUpperCase() as LogLevel | undefined;
}

function oneOf<const Allowed extends string>(
  allowed: readonly Allowed[],
  name: string,
  value: string | undefined,
): Allowed | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new HelveError("invalid_argument", `HELVE_CLIENT_${name} is '${value}'; it can be ${allowed.join(", ")}`);
  }
  return found;
}

function readCount(env: Environment, name: string): number | undefined {
  const text = readVariable(env, name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text.trim())) {
    throw new HelveError("invalid_argument", `HELVE_CLIENT_${name} is '${text}'; it must be a whole number above 0`);
  }
  return Number(text);
}
