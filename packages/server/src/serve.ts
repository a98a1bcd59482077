import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { HelveError, type TenantId } from "@helve/core";
import { createEngine, type Engine, type EngineOptions, type Tracer } from "@helve/engine";
import type { Logger } from "pino";
import type { Scope } from "./auth/scopes.ts";
import { newSigningKey, readSigningKey, type StoredSigningKey } from "./auth/signing-key.ts";
import { createTokens, type PublicAddresses, type TokenStore, type Tokens } from "./auth/tokens.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";
import { firstToken } from "./first-token.ts";
import { startGrpcServer } from "./grpc/grpc-server.ts";
import { startHttpServer } from "./http-server.ts";
import { logObserver } from "./log-observer.ts";
import { createMetrics, type Metrics, observeBoth } from "./metrics/metrics.ts";
import type { StateSources } from "./metrics/state-metrics.ts";
import { writePrivateFile } from "./private-file.ts";
import { publicAddresses } from "./public-addresses.ts";
import { type Reading, restServer } from "./rest/index.ts";
import { watchTlsFiles } from "./tls-files.ts";
import { VERSION } from "./version.ts";

/** The database, open and migrated, and what is done there without the engine. */
export interface Storage {
  databaseUrl: string;
  /** Not through a pooler in transaction mode. */
  directUrl: string;
  /** No other replica can be on it. */
  isEmbedded: boolean;
  /** The last migration of this build. */
  schema: number;
  /** Undefined: there is no folder of our own. */
  dataDir: string | undefined;
  engineDb: EngineOptions["db"];
  /** For the engine's lease alone. */
  leaseDb: EngineOptions["db"];
  /** The tenant that every installation has. */
  tenantId: TenantId;
  tokens: TokenStore;
  /** The stored key; the proposed one is stored when there is none. */
  signingKey(proposed: StoredSigningKey): Promise<StoredSigningKey>;
  reading: Reading;
  /** What stands in line, by tenant. */
  listBacklogs: StateSources["listBacklogs"];
}

/** A server that can run tasks. */
export interface Running {
  /** `host:port`, as in tokens. */
  readonly grpcAddress: string;
  /** Base of HTTP without a slash at the end, as in tokens. */
  readonly httpUrl: string;
  readonly tenantId: TenantId;
  /** Of the default tenant. Undefined where there is no place to keep one: no data folder and no ready file. */
  readonly token: string | undefined;
  readonly databaseUrl: string;
  /** Rejects when a newer version has migrated the database beyond what this one can work with; it is to be stopped then. */
  readonly outdated: Promise<never>;
  /** Makes another token of the default tenant. @param scope default: admin */
  mintToken(name: string, scope?: Scope): Promise<string>;
  /** Ends in order: workers and clients are told to go, what is under way is written, the database stops. Idempotent. */
  stop(): Promise<void>;
}

/** How long calls may take to finish when the server stops. */
const GRACE_MS = 10_000;
/** Requests over HTTP are short; what lasts longer is somebody watching. */
const HTTP_GRACE_MS = 1_000;

export interface ServeParts {
  storage: Storage;
  config: Config;
  log: Logger;
  /** What is started is put here, also when a later step fails. */
  closers: Closers;
}

/**
 * Starts the engine and everything that listens, on storage that is open.
 *
 * @throws HelveError for what stands in the way: a port that is taken, a file that cannot be read or written
 */
export async function serveOn(parts: ServeParts): Promise<Running> {
  const { storage, config, log, closers } = parts;
  const addresses: PublicAddresses = { grpcAddress: "", serverUrl: "" };
  const key = await readSigningKey(await storage.signingKey(await newSigningKey()));
  const tokens = createTokens(key, storage.tokens, () => addresses);
  const metrics = createMetrics(VERSION);
  closers.add("metrics", async () => metrics.stop());
  const outdated = outdatedSign(log);
  const engine = await startEngine(parts, metrics, outdated.tell);
  const serverUrl = (): string => addresses.serverUrl;
  Object.assign(addresses, await startListening(parts, { engine, tokens, metrics, serverUrl }));

  const running: Running = {
    grpcAddress: addresses.grpcAddress,
    httpUrl: addresses.serverUrl,
    tenantId: storage.tenantId,
    token: await firstTokenIfKept(parts, tokens, addresses),
    databaseUrl: storage.databaseUrl,
    outdated: outdated.told,
    mintToken: async (name, scope) => (await tokens.mint({ tenantId: storage.tenantId, name, scope })).token,
    stop: () => closers.close(),
  };
  if (config.readyFile !== undefined) await announce(config.readyFile, running, closers);
  log.info({ grpc: running.grpcAddress, http: running.httpUrl }, "serving");
  return running;
}

/** @returns `told` rejects with what `tell` is given, and may be left alone */
function outdatedSign(log: Logger): { tell: (reason: string) => void; told: Promise<never> } {
  let tell = (_reason: string) => {};
  const told = new Promise<never>((_, reject) => {
    tell = (reason) => {
      log.error({ reason }, "this version is too old for the database by now");
      reject(new HelveError("failed_precondition", reason));
    };
  });
  told.catch(() => {});
  return { tell, told };
}

async function startEngine(
  { storage, config, log, closers }: ServeParts,
  metrics: Metrics,
  onOutdated: (reason: string) => void,
): Promise<Engine> {
  const name = `${hostname()}:${process.pid}`;
  const engine = createEngine({
    db: storage.engineDb,
    leaseDb: storage.leaseDb,
    directUrl: storage.directUrl,
    natsUrl: config.natsUrl,
    name,
    isAlone: storage.isEmbedded,
    schema: storage.schema,
    onOutdated,
    observer: observeBoth(logObserver(log), metrics.observer),
    tracer: config.traces && (await startTraces(config.traces, name, log, closers)),
  });
  closers.add("engine", () => engine.stop());
  await engine.start();
  return engine;
}

async function startTraces(
  traces: NonNullable<Config["traces"]>,
  instance: string,
  log: Logger,
  closers: Closers,
): Promise<Tracer> {
  const { exportTraces } = await import("./traces/export-traces.ts");
  const { tracer, stop } = await exportTraces({ ...traces, version: VERSION, instance, log });
  closers.add("export of traces", stop);
  return tracer;
}

interface Inside {
  engine: Engine;
  tokens: Tokens;
  metrics: Metrics;
  serverUrl: () => string;
}

/** @returns where the world finds what listens now */
async function startListening(
  { storage, config, log, closers }: ServeParts,
  { engine, tokens, metrics, serverUrl }: Inside,
): Promise<PublicAddresses> {
  const { host, grpcPort, httpPort, bindsWorkerNames, requiresSupportedSdks, requiresHttpCertificates } = config;
  const tls = config.tls && (await watchTlsFiles(config.tls, log));
  if (tls) closers.add("TLS files", async () => tls.stop());
  const { reading, engineDb, listBacklogs } = storage;
  const { findRuns } = reading;
  const rules = { bindsWorkerNames, requiresSupportedSdks };
  const listening = { log, host, port: grpcPort, tls };
  const grpc = await startGrpcServer({ engine, authenticator: tokens, findRuns, ...rules, ...listening });
  closers.add("gRPC server", async () => {
    // It ends the streams of workers and answers what it has taken; then calls have nothing more to wait for.
    await engine.stop();
    await grpc.stop(GRACE_MS);
  });
  const { streamBacklog } = grpc;
  metrics.connect({ engine, databaseCounters: engineDb.counters, listBacklogs, streamBacklog });
  const { authenticate } = tokens;
  const app = restServer({ engine, reading, authenticate, tokens, version: VERSION, serverUrl, metrics, log });
  const http = await startHttpServer({
    app,
    host,
    port: httpPort,
    tls,
    requiresCertificates: requiresHttpCertificates,
  });
  closers.add("HTTP server", () => http.stop(HTTP_GRACE_MS));
  return publicAddresses(config, { grpcPort: grpc.port, httpPort: http.port });
}

async function firstTokenIfKept(
  { storage: { tenantId, dataDir }, config }: ServeParts,
  tokens: Tokens,
  addresses: PublicAddresses,
): Promise<string | undefined> {
  if (dataDir === undefined && config.readyFile === undefined) return undefined;
  return firstToken({ tokens, tenantId, addresses, dataDir });
}

/** Tells whoever waits for this start how to reach it. The file goes when the server does. */
async function announce(readyFile: string, running: Running, closers: Closers): Promise<void> {
  const { grpcAddress, httpUrl, token, tenantId, databaseUrl } = running;
  const text = JSON.stringify({ grpcAddress, httpUrl, token, tenantId, databaseUrl, pid: process.pid }, undefined, 2);
  await writePrivateFile(readyFile, `${text}\n`);
  closers.add("ready file", () => rm(readyFile, { force: true }));
}
