import { setTimeout as pause } from "node:timers/promises";
import { type Fault, targetOf } from "../plan/fault.ts";
import type { Child } from "./child.ts";
import type { Cluster } from "./cluster.ts";
import type { ChaosEngine } from "./engine.ts";
import type { ChaosNats } from "./nats.ts";
import { now } from "./now.ts";
import type { ChaosWorker } from "./worker.ts";

/** Moments that something is measured from, by {@link now}. */
export interface Recoveries {
  engines: { engine: number; startedAt: number; readyAt: number; workers: readonly number[] }[];
  /** When Postgres served again. */
  postgres: number[];
  /** What happened to each target, until it was well again. */
  harmed: { target: string; from: number; to: number }[];
}

export const noRecoveries = (): Recoveries => ({ engines: [], postgres: [], harmed: [] });

/** After which a half-open connection has been noticed at the latest, by whoever has it. */
const NOTICED_MS = 30_000;

/** Each at its time, or when what harmed the same target before is over: on a slow machine that may take longer than planned. */
export async function inTime(faults: readonly Fault[], carryOut: (fault: Fault) => Promise<void>): Promise<void> {
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

/** Carries out one fault, from its beginning until its target is well again. */
export async function harm(cluster: Cluster, fault: Fault, recoveries: Recoveries): Promise<void> {
  const from = now();
  await carryOut(cluster, fault, recoveries);
  const to = fault.kind === "link swallowed" ? now() + NOTICED_MS : now();
  recoveries.harmed.push({ target: targetOf(fault), from, to });
}

async function carryOut(cluster: Cluster, fault: Fault, recoveries: Recoveries): Promise<void> {
  switch (fault.kind) {
    case "worker killed":
    case "worker stopped": {
      const { child } = cluster.workers[fault.worker] as ChaosWorker;
      await child.end(fault.kind === "worker killed" ? "SIGKILL" : "SIGTERM");
      await pause(fault.forMs);
      return child.start();
    }
    case "worker frozen":
      return freeze((cluster.workers[fault.worker] as ChaosWorker).child, fault.forMs);
    case "engine killed":
    case "engine stopped":
      return endEngine(cluster, fault, recoveries);
    case "engine frozen":
      return freeze((cluster.engines[fault.engine] as ChaosEngine).child, fault.forMs);
    case "postgres killed":
      if (fault.which === "main process") await cluster.postgres.killMainProcess();
      else await cluster.postgres.killOneBackend();
      recoveries.postgres.push(now());
      return;
    case "postgres stopped":
      await cluster.postgres.stop();
      await pause(fault.forMs);
      await cluster.postgres.startAgain();
      recoveries.postgres.push(now());
      return;
    case "postgres frozen": {
      const thaw = await cluster.postgres.freeze();
      await pause(fault.forMs);
      return thaw();
    }
    case "nats killed":
    case "nats stopped": {
      const nats = cluster.nats as ChaosNats;
      await nats.child.end(fault.kind === "nats killed" ? "SIGKILL" : "SIGTERM");
      await pause(fault.forMs);
      return nats.child.start();
    }
    case "nats frozen":
      return freeze((cluster.nats as ChaosNats).child, fault.forMs);
    case "backends terminated":
      return cluster.postgres.terminateBackends(fault.part);
    case "link swallowed":
      return cluster.link(fault.link).swallow();
    case "link moved": {
      const link = cluster.link(fault.link);
      return link.move(cluster.otherPort(link.target));
    }
    case "link cut":
    case "link stalled": {
      const link = cluster.link(fault.link);
      if (fault.kind === "link cut") link.cut();
      else link.stall();
      await pause(fault.forMs);
      return link.mend();
    }
  }
}

async function freeze(child: Child, ms: number): Promise<void> {
  child.freeze();
  await pause(ms);
  child.thaw();
}

async function endEngine(
  cluster: Cluster,
  { kind, engine: n, movesWorkers, forMs }: Extract<Fault, { kind: "engine killed" | "engine stopped" }>,
  recoveries: Recoveries,
): Promise<void> {
  const engine = cluster.engines[n] as ChaosEngine;
  await engine.child.end(kind === "engine killed" ? "SIGKILL" : "SIGTERM");
  if (movesWorkers) {
    for (const { link } of cluster.workers) {
      if (link.target === engine.grpcPort) link.move(cluster.otherPort(link.target));
    }
  }
  await pause(forMs);
  const workers = [...cluster.workers.keys()].filter((w) => cluster.workers[w]?.link.target === engine.grpcPort);
  recoveries.engines.push({ engine: n, ...(await engine.startAgain()), workers });
}
