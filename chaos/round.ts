import { appendFile, chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { conclude } from "./checks/conclude.ts";
import { type RecoveryTimes, recoveryTimes } from "./checks/recovery.ts";
import { Caller } from "./load/caller.ts";
import { type Cast, describeFault, type Fault } from "./plan/fault.ts";
import { planFaults } from "./plan/plan-faults.ts";
import { seeded } from "./plan/random.ts";
import { Cluster } from "./stage/cluster.ts";
import { harm, inTime, noRecoveries } from "./stage/harm.ts";
import { now } from "./stage/now.ts";

export interface RoundOptions {
  seed: number;
  replicas: number;
  hasNats: boolean;
  /** In which faults begin. */
  durationMs: number;
  faults: number;
  perSecond: number;
  keepsAll: boolean;
}

export interface RoundResult extends Pick<RoundOptions, "seed" | "replicas" | "hasNats"> {
  faults: Fault[];
  /** Sentences; empty: all promises were kept. */
  violations: string[];
  acknowledged: number;
  /** Triggers that were given up, by reason. */
  refused: ReadonlyMap<string, number>;
  tasks: number;
  /** Hand-outs that were lost with what had been harmed. */
  requeues: number;
  /** From when everything was well again until the last run had ended, in ms. */
  drainMs: number;
  times: RecoveryTimes;
  /** What was kept. */
  folder: string | undefined;
}

/** A cluster of its own, load, faults, and then the question whether every promise was kept. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const random = seeded(options.seed);
  const cast: Cast = { engines: options.replicas, workers: 4, clients: 2, hasNats: options.hasNats };
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
    await cluster.workersAreThere();
    const played = await play({ cluster, caller, folder, violations }, faults, options);
    isKept = options.keepsAll || violations.length > 0;
    const { seed, replicas, hasNats } = options;
    return { ...played, seed, replicas, hasNats, faults, folder: isKept ? folder : undefined };
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

type Played = Omit<RoundResult, "seed" | "replicas" | "hasNats" | "faults" | "folder">;

async function play(
  { cluster, caller, folder, violations }: Story,
  faults: Fault[],
  options: RoundOptions,
): Promise<Played> {
  const recoveries = noRecoveries();
  const ending = new AbortController();
  const load = { from: now(), to: 0 };
  const offering = caller.offer(options.perSecond, ending.signal);
  const log = (text: string) => appendFile(join(folder, "round.log"), `${Math.round(now() - load.from)} ms: ${text}\n`);
  await inTime(faults, async (fault) => {
    await log(describeFault(fault));
    await harm(cluster, fault, recoveries).catch((error: Error) => violations.push(`${fault.kind}: ${error.message}`));
    await log(`over: ${fault.kind}`);
  });
  await pause(options.durationMs - (now() - load.from));
  ending.abort();
  await offering;
  load.to = now();
  const { stored, journals, drainMs, wrong } = await conclude(cluster, caller);
  violations.push(...wrong);
  for (const violation of violations) await log(violation);
  return {
    violations,
    acknowledged: caller.acknowledged.length,
    refused: caller.refused,
    tasks: stored.tasks.length,
    requeues: stored.tasks.reduce((sum, task) => sum + task.requeues, 0),
    drainMs,
    times: recoveryTimes(recoveries, journals, load),
  };
}
