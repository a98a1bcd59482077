import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config, Running } from "@helve/server";
import { asksForHelp, type Command } from "../arguments/command.ts";
import { type EndRequest, listenForEnd } from "../dev/end-request.ts";
import { addressLines, nextLines, type TokenPlace } from "../dev/greeting.ts";
import { showSampleRun } from "../dev/sample-run.ts";
import { startingSign } from "../dev/starting-sign.ts";
import { dataDirs } from "../engine/data-dirs.ts";
import { openRest } from "../engine/rest.ts";
import { CommandError, DONE, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { endDatabaseAtOnce } from "../supervisor/local-database.ts";
import { startWorkerProcess, type WorkerProcess } from "../supervisor/worker-process.ts";
import { loadServer, readServerFlags } from "./serve.ts";

const NO_SAMPLE = "--no-sample";
const WORKER_GRACE_MS = 5000;

/** Beside this module, built or not. */
const SAMPLE_WORKER = new URL(`../sample/sample-worker${import.meta.url.slice(-3)}`, import.meta.url);

/**
 * `helve dev`, which is `npm start`: an engine, a worker beside it, and a run of a sample before one's eyes.
 *
 * The worker's process is started first and loads its code while the engine starts.
 */
export const dev: Command = {
  async run(args, io) {
    if (asksForHelp(args)) return help(io);
    const hasSample = !args.includes(NO_SAMPLE);
    const worker = hasSample ? startWorkerProcess(SAMPLE_WORKER) : undefined;
    let dataDir: string | undefined;
    const end = listenForEnd(io, () => {
      worker?.kill();
      if (dataDir !== undefined) endDatabaseAtOnce(dataDir);
    });
    let running: Running | undefined;
    try {
      const config = await readDevConfig(
        args.filter((arg) => arg !== NO_SAMPLE),
        io,
      );
      const known = await keptTokens(config, io);
      const hide = startingSign(io.out);
      running = await start(config).finally(hide);
      const place = await tokenOf(running, known);
      dataDir = config.databaseUrl === undefined ? place.dataDir : undefined;
      if (!end.signal.aborted) await greet({ running, worker, place, dataDir, io, end });
      await Promise.race([end.asked, running.outdated]);
      return DONE;
    } finally {
      await stop(worker, running, io);
      end.forget();
    }
  },
};

async function help(io: Io): Promise<number> {
  const { describeOptions } = await loadServer();
  const sample = `  ${NO_SAMPLE}  only the engine, without the sample worker and its run`;
  io.out.write(`npm start -- [flags], or helve dev [flags]\n\n${ABOUT}\n\nFlags\n${sample}\n${describeOptions()}\n`);
  return DONE;
}

const ABOUT = `Starts an engine on this machine with a PostgreSQL of its own, a sample worker in a process beside it, runs a sample
workflow and shows how it goes. Then it stays until Ctrl-C, and stops everything in order; a second Ctrl-C does so at
once. The data is kept from start to start.`;

async function readDevConfig(args: readonly string[], io: Io): Promise<Config> {
  const { readConfig } = await loadServer();
  const config = readServerFlags(() => readConfig(args, { ...io.env }));
  if (config.tls) throw new UsageError("this is for one machine and does without TLS; helve serve takes --tls-cert");
  const saysLogLevel = io.env.HELVE_LOG_LEVEL || args.some((arg) => arg.startsWith("--log-level"));
  // The log would run through what is drawn; what is in order can be read from that.
  return { ...config, logLevel: saysLogLevel || !io.out.isTerminal ? config.logLevel : "error" };
}

async function start(config: Config): Promise<Running> {
  const { serve } = await loadServer();
  return serve(config);
}

/** The tokens that earlier starts have left, by folder. */
async function keptTokens({ dataDir }: Config, io: Io): Promise<Map<string, string | undefined>> {
  const folders = dataDirs(io.env, dataDir);
  const texts = await Promise.all(
    folders.map((folder) => readFile(join(folder, "token"), "utf8").catch(() => undefined)),
  );
  return new Map(folders.map((folder, i) => [folder, texts[i]?.trim()]));
}

async function tokenOf(
  running: Running,
  known: ReadonlyMap<string, string | undefined>,
): Promise<TokenPlace & { dataDir: string | undefined }> {
  const { httpUrl } = running;
  const token = running.token ?? (await running.mintToken("helve dev"));
  for (const [dataDir, before] of known) {
    const file = join(dataDir, "token");
    const kept = await readFile(file, "utf8").catch(() => "");
    if (kept.trim() === token) return { httpUrl, token, file, dataDir, isNew: before !== token };
  }
  return { httpUrl, token, file: undefined, dataDir: undefined, isNew: true };
}

interface Greeting {
  running: Running;
  worker: WorkerProcess | undefined;
  place: TokenPlace;
  dataDir: string | undefined;
  io: Io;
  end: EndRequest;
}

async function greet({ running, worker, place, dataDir, io, end }: Greeting): Promise<void> {
  const { grpcAddress, httpUrl, tenantId } = running;
  const afterMs = performance.now();
  const ready = worker?.connect({ token: place.token });
  print(io, addressLines({ grpcAddress, httpUrl, dataDir, workerPid: worker?.pid, afterMs }, io.out));
  const rest = openRest({ token: place.token, tenantId, apiUrl: httpUrl, source: "this engine" });
  try {
    await ready;
    if (worker) await showSampleRun(rest, io.out, end.signal);
  } catch (error) {
    // The engine runs, and that is what was asked for in the first place.
    if (!end.signal.aborted) io.err.write(`The sample could not be shown: ${(error as Error).message}\n`);
  }
  if (end.signal.aborted) return;
  print(io, nextLines(place, worker !== undefined, io.out));
  void worker?.ended.then((words) => io.err.write(`The sample worker has ended: ${words}\n`));
}

/** Whoever uses the engine first, then the engine, which ends its database. */
async function stop(worker: WorkerProcess | undefined, running: Running | undefined, io: Io): Promise<void> {
  // An engine that did not start has no worker that could be in the middle of something.
  if (!running) return worker?.kill();
  const say = (text: string) => io.out.isTerminal && io.out.write(text);
  say("\nStopping …");
  await worker?.stop(WORKER_GRACE_MS);
  await running.stop().catch((error: unknown) => {
    throw new CommandError(`the engine did not stop in order: ${(error as Error).message}`);
  });
  say(" done.\n");
}

function print(io: Io, lines: readonly string[]): void {
  io.out.write(lines.map((line) => `${line}\n`).join(""));
}
