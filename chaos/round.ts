import { appendFile, chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Journal, readJournal } from "./checks/journal.ts";
import { judge } from "./checks/judge.ts";
import { type RecoveryTimes, recoveryTimes } from "./checks/recovery.ts";
import { countUnfinished, readStored } from "./checks/stored.ts";
import { Caller } from "./load/caller.ts";
import { type Cast, describeFault, type Fault, targetOf } from "./plan/fault.ts";
import { planFaults } from "./plan/plan-faults.ts";
import { seeded } from "./plan/random.ts";
import { Cluster } from "./stage/cluster.ts";
import { harm, type Recoveries } from "./stage/harm.ts";
import { now } from "./stage/now.ts";
import { until } from "./stage/until.ts";

export interface RoundOptions {
  seed: number;
  replicas: number;
  /** In which faults begin. */
  durationMs: number;
  faults: number;
  perSecond: number;
}

export interface RoundResult {
  seed: number;
  faults: Fault[];
  /** Sentences; empty: all promises were kept. */
  violations: string[];
  acknowledged: number;
  refused: number;
  tasks: number;
  /** Hand-outs that were lost with what had been harmed. */
  requeues: number;
  /** From when everything was well again until the last run had ended, in ms. */
  drainMs: number;
  times: RecoveryTimes;
  /** What was kept of a round with violations. */
  folder: string | undefined;
}

/** Longer than all that somebody waits for in turn: a half-open link 30 s, orphans 30 s, sweeps, the tasks themselves. */
export const DRAIN_LIMIT_MS = 180_000;

/** A cluster of its own, load, faults, and then the question whether every promise was kept. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const random = seeded(options.seed);
  const cast: Cast = { engines: options.replicas, workers: 4, clients: 2 };
  const faults = planFaults(random, { cast, durationMs: options.durationMs, count: options.faults });
  const folder = await mkdtemp(join(tmpdir(), `helve-chaos-${options.seed}-`));
  // Run by root, Postgres is a system user of its own, who must get in.
  await chmod(folder, 0o755);
  const violations: string[] = [];
  const cluster = await Cluster.start({ folder, cast, onUnexpectedExit: (what) => violations.push(what) });
  const caller = new Caller({
    token: cluster.token,
    ports: [cluster.link("client 0").port, cluster.link("client 1").port],
    random,
  });
  let isKept = true;
  try {
    await waitForWorkers(cluster);
    const played = await play({ cluster, caller, folder, violations }, faults, options);
    isKept = violations.length > 0;
    return { ...played, seed: options.seed, faults, folder: isKept ? folder : undefined };
  } catch (error) {
    throw new Error(`seed ${options.seed} could not be played; what there is of it is in ${folder}`, { cause: error });
  } finally {
    caller.close();
    await cluster.close();
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

interface Story {
  cluster: Cluster;
  caller: Caller;
  folder: string;
  violations: string[];
}

type Played = Omit<RoundResult, "seed" | "faults" | "folder">;

async function play(
  { cluster, caller, folder, violations }: Story,
  faults: Fault[],
  options: RoundOptions,
): Promise<Played> {
  const { postgres } = cluster;
  const recoveries: Recoveries = { engines: [], postgres: [] };
  const ending = new AbortController();
  const load = { from: now(), to: 0 };
  const offering = caller.offer(options.perSecond, ending.signal);
  const log = (text: string) => appendFile(join(folder, "round.log"), `${Math.round(now() - load.from)} ms: ${text}\n`);
  await doHarm(faults, async (fault) => {
    await log(describeFault(fault));
    await harm(cluster, fault, recoveries);
    await log(`over: ${fault.kind}`);
  });
  await pause(options.durationMs - (now() - load.from));
  ending.abort();
  await offering;
  load.to = now();
  await caller.settled();
  await log("everything is well again");
  const isOver = async () =>
    caller.untold().length === 0 && (await countUnfinished((text) => postgres.query(text))) === 0;
  await until(DRAIN_LIMIT_MS, isOver, 200);
  const drainMs = now() - load.to;

  const stored = await readStored((text) => postgres.query(text));
  const journals = await readJournals(cluster);
  violations.push(...judge({ acknowledged: caller.acknowledged, stored, journals }));
  for (const { rule, id, detail } of await postgres.violations()) violations.push(`not so: ${rule} (${id}: ${detail})`);
  for (const violation of violations) await log(violation);
  return {
    violations,
    acknowledged: caller.acknowledged.length,
    refused: [...caller.refused.values()].reduce((sum, count) => sum + count, 0),
    tasks: stored.tasks.length,
    requeues: stored.tasks.reduce((sum, task) => sum + task.requeues, 0),
    drainMs,
    times: recoveryTimes(recoveries, journals, load),
  };
}

/** Each at its time, or when what harmed the same target before is over: on a slow machine that may take longer than planned. */
async function doHarm(faults: readonly Fault[], carryOut: (fault: Fault) => Promise<void>): Promise<void> {
  const before = new Map<string, Promise<void>>();
  for (const fault of faults) {
    const target = targetOf(fault);
    const isFree = before.get(target);
    before.set(
      target,
      pause(fault.atMs)
        .then(() => isFree)
        .then(() => carryOut(fault)),
    );
  }
  await Promise.all(before.values());
}

/** Before that nobody could trigger anything: the workers tell the engine which workflows there are. */
export async function waitForWorkers({ postgres, workers }: Cluster): Promise<void> {
  const isThere = async () => {
    const [row] = await postgres.query<{ count: number }>(
      "select count(*)::int as count from worker where is_listening",
    );
    return row?.count === workers.length;
  };
  if (!(await until(60_000, isThere))) throw new Error("the workers did not register within a minute");
}

export async function readJournals({ workers }: Cluster): Promise<Journal[]> {
  const read: Journal[] = [];
  for (const worker of workers) {
    // A published client does not know which of its attempts were given up, and goes on with them.
    const slots = worker.kind === "own" ? worker.slots : undefined;
    for (const path of worker.journals()) {
      read.push({ worker: worker.child.title, slots, lines: await readJournal(path) });
    }
  }
  return read;
}
