import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { conclude } from "./checks/conclude.ts";
import { type Sample, Sampler } from "./checks/sampler.ts";
import { Caller } from "./load/caller.ts";
import type { Cast, Fault } from "./plan/fault.ts";
import { planFaults } from "./plan/plan-faults.ts";
import { seeded } from "./plan/random.ts";
import { Cluster } from "./stage/cluster.ts";
import { harm, inTime, noRecoveries } from "./stage/harm.ts";
import { now } from "./stage/now.ts";

export interface LongOptions {
  seed: number;
  replicas: number;
  hasNats: boolean;
  minutes: number;
  /** Part of what the cluster can do. */
  load: number;
  onSample(sample: Sample): void;
}

export interface LongResult {
  /** Runs a second that the cluster could do, and that it was offered. */
  capacity: number;
  perSecond: number;
  samples: Sample[];
  faults: Fault[];
  acknowledged: number;
  tasks: number;
  drainMs: number;
  violations: string[];
  folder: string;
}

const SLOTS = [20, 30, 40];
const CALIBRATION_MS = 20_000;
const LANES = 300;
const MINUTE_MS = 60_000;
const FAULTS_A_MINUTE = 3;
const SAMPLE_MS = 20_000;

/**
 * One cluster under steady load, with some faults every minute. The first engine is not ended, so that its memory can be
 * followed; everything else happens to it as well.
 */
export async function playLong(options: LongOptions): Promise<LongResult> {
  const random = seeded(options.seed);
  const cast: Cast = { engines: options.replicas, workers: 4, clients: 2, hasNats: options.hasNats };
  const folder = await mkdtemp(join(tmpdir(), `helve-chaos-long-${options.seed}-`));
  await chmod(folder, 0o755);
  const violations: string[] = [];
  const cluster = await Cluster.start({
    folder,
    cast,
    slots: SLOTS,
    onUnexpectedExit: (what) => violations.push(what),
  });
  const ports = [cluster.link("client 0").port, cluster.link("client 1").port];
  const caller = new Caller({ token: cluster.token, ports, random });
  try {
    await cluster.workersAreThere();
    const capacity = await caller.saturate(LANES, CALIBRATION_MS);
    const perSecond = capacity * options.load;
    const sampler = new Sampler(cluster, caller);
    const ending = new AbortController();
    const offering = caller.offer(perSecond, ending.signal);
    const sampling = sampler.sampleEvery(SAMPLE_MS, ending.signal, options.onSample);
    const faults = await harmEveryMinute(cluster, options.minutes, (durationMs) =>
      planFaults(random, { cast, durationMs, count: FAULTS_A_MINUTE, spared: [0] }),
    );
    ending.abort();
    await Promise.all([offering, sampling]);
    const { stored, drainMs, wrong } = await conclude(cluster, caller);
    violations.push(...sampler.violations, ...wrong);
    const { acknowledged } = caller;
    const counts = { acknowledged: acknowledged.length, tasks: stored.tasks.length, drainMs };
    return { capacity, perSecond, samples: sampler.samples, faults, ...counts, violations, folder };
  } finally {
    caller.close();
    await cluster.close();
    if (violations.length === 0) await rm(folder, { recursive: true, force: true });
  }
}

async function harmEveryMinute(
  cluster: Cluster,
  minutes: number,
  plan: (durationMs: number) => Fault[],
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const endsAt = now() + minutes * MINUTE_MS; now() < endsAt; ) {
    const leftMs = Math.min(MINUTE_MS, endsAt - now());
    const planned = plan(leftMs);
    faults.push(...planned);
    await Promise.all([pause(leftMs), inTime(planned, (fault) => harm(cluster, fault, noRecoveries()))]);
  }
  return faults;
}
