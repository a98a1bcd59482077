import { setTimeout as pause } from "node:timers/promises";
import type { Caller } from "../load/caller.ts";
import type { Cluster } from "../stage/cluster.ts";
import type { ChaosEngine } from "../stage/engine.ts";
import { now } from "../stage/now.ts";
import { countUnfinished } from "./stored.ts";

/** The cluster at one moment of a long run. What did not answer just then is undefined. */
export interface Sample {
  /** Since the first sample, in minutes. */
  minute: number;
  /** Runs acknowledged a second since the sample before. */
  perSecond: number;
  /** Memory of the first engine after a collection, in MiB. */
  memory: { heap: number; resident: number } | undefined;
  /** Of all engines together, since the sample before. */
  statementsPerTask: number | undefined;
  unfinished: number | undefined;
  /** Rows that break a promise, those without owner or deadline among them. */
  brokenRows: number | undefined;
}

/** Looks at a cluster again and again. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly violations: string[] = [];
  readonly #cluster: Cluster;
  readonly #caller: Caller;
  readonly #counters = new Map<ChaosEngine, Counters>();
  readonly #beganAt: number = now();
  #lastAt: number = now();
  #lastAcknowledged = 0;

  constructor(cluster: Cluster, caller: Caller) {
    this.#cluster = cluster;
    this.#caller = caller;
    this.#lastAcknowledged = caller.acknowledged.length;
  }

  async sampleEvery(everyMs: number, signal: AbortSignal, onSample: (sample: Sample) => void): Promise<void> {
    await this.#countStatements();
    while (await isOver(everyMs, signal)) {
      const sample = await this.#sample();
      this.samples.push(sample);
      onSample(sample);
    }
  }

  async #sample(): Promise<Sample> {
    const { postgres, engines } = this.#cluster;
    const at = now();
    const acknowledged = this.#caller.acknowledged.length;
    const perSecond = ((acknowledged - this.#lastAcknowledged) * 1000) / (at - this.#lastAt);
    this.#lastAt = at;
    this.#lastAcknowledged = acknowledged;
    return {
      minute: (at - this.#beganAt) / 60_000,
      perSecond,
      memory: await (engines[0] as ChaosEngine).memoryAfterCollection(),
      statementsPerTask: await this.#countStatements(),
      unfinished: await ifAnswered(countUnfinished((text) => postgres.query(text))),
      brokenRows: await this.#countBrokenRows(),
    };
  }

  async #countBrokenRows(): Promise<number | undefined> {
    const found = await ifAnswered(this.#cluster.postgres.violations());
    for (const { rule, id, detail } of found ?? [])
      this.violations.push(`not so for a while: ${rule} (${id}: ${detail})`);
    return found?.length;
  }

  /** A counter that went back began anew with its process. */
  async #countStatements(): Promise<number | undefined> {
    const sum: Counters = { statements: 0, ended: 0 };
    for (const engine of this.#cluster.engines) {
      const metrics = await engine.metrics().catch(() => undefined);
      if (!metrics) continue;
      const before = this.#counters.get(engine) ?? { statements: 0, ended: 0 };
      const now = {
        statements: metrics.get("helve_database_statements_total") ?? 0,
        ended: metrics.get("helve_tasks_ended_total") ?? 0,
      };
      this.#counters.set(engine, now);
      const isNew = now.statements < before.statements;
      sum.statements += now.statements - (isNew ? 0 : before.statements);
      sum.ended += now.ended - (isNew ? 0 : before.ended);
    }
    return sum.ended > 0 ? sum.statements / sum.ended : undefined;
  }
}

interface Counters {
  statements: number;
  ended: number;
}

const ANSWER_MS = 10_000;

/** Postgres may be away, or stand still, just then. */
async function ifAnswered<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  const limit = new AbortController();
  const nothing = pause(ANSWER_MS, undefined, { signal: limit.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer.catch(() => undefined), nothing]);
  } finally {
    limit.abort();
  }
}

async function isOver(ms: number, signal: AbortSignal): Promise<boolean> {
  return pause(ms, true, { signal }).catch(() => false);
}
