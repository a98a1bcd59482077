import { type Cast, type Fault, type Harm, type LinkName, targetOf } from "./fault.ts";
import type { Random } from "./random.ts";

export interface PlanOptions {
  cast: Cast;
  /** No fault begins later. */
  durationMs: number;
  /** How many; fewer where targets are busy. */
  count: number;
  /** Engines that are left alone by what ends processes, so that their memory can be followed. */
  spared?: readonly number[];
}

const FIRST_MS = 1_000;

/** Draws the faults of a round. They may overlap, but not on one target. @returns in the order of their beginnings */
export function planFaults(random: Random, options: PlanOptions): Fault[] {
  const faults: Fault[] = [];
  for (let n = 0; n < options.count; n++) {
    const fault = drawFault(random, options);
    if (!faults.some((other) => targetOf(other) === targetOf(fault) && overlap(other, fault))) faults.push(fault);
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function drawFault(random: Random, options: PlanOptions): Fault {
  const harm = random.pick(kinds(options))(random, options);
  return { atMs: random.between(FIRST_MS, options.durationMs), forMs: drawDuration(random, harm), ...harm };
}

type Draw = (random: Random, options: PlanOptions) => Harm;

/** Each as often as it stands here. */
function kinds({ cast, spared = [] }: PlanOptions): Draw[] {
  const worker = (random: Random) => random.between(0, cast.workers - 1);
  const engine = (random: Random) => random.between(0, cast.engines - 1);
  const mortal = Array.from({ length: cast.engines }, (_, n) => n).filter((n) => !spared.includes(n));
  const ends = (kind: "engine killed" | "engine stopped"): Draw[] =>
    mortal.length === 0
      ? []
      : [(random) => ({ kind, engine: random.pick(mortal), movesWorkers: cast.engines > 1 && random.next() < 0.5 })];
  const draws: Draw[] = [
    (random) => ({ kind: "worker killed", worker: worker(random) }),
    (random) => ({ kind: "worker killed", worker: worker(random) }),
    (random) => ({ kind: "worker stopped", worker: worker(random) }),
    (random) => ({ kind: "worker frozen", worker: worker(random) }),
    ...ends("engine killed"),
    ...ends("engine killed"),
    ...ends("engine stopped"),
    (random) => ({ kind: "engine frozen", engine: engine(random) }),
    (random) => ({ kind: "postgres killed", which: random.next() < 0.5 ? "main process" : "one backend" }),
    () => ({ kind: "postgres stopped" }),
    () => ({ kind: "postgres frozen" }),
    (random) => ({ kind: "backends terminated", part: random.pick([0.3, 1]) }),
    (random) => ({ kind: "link cut", link: drawLink(random, cast) }),
    (random) => ({ kind: "link stalled", link: drawLink(random, cast) }),
    (random) => ({ kind: "link swallowed", link: drawLink(random, cast) }),
  ];
  // With one replica there is nowhere to go.
  if (cast.engines > 1) {
    const move: Draw = (random) => ({ kind: "link moved", link: `worker ${worker(random)}` });
    draws.push(move, move, (random) => ({ kind: "link moved", link: `client ${random.between(0, cast.clients - 1)}` }));
  }
  if (cast.hasNats) {
    draws.push(
      () => ({ kind: "nats killed" }),
      () => ({ kind: "nats stopped" }),
      () => ({ kind: "nats frozen" }),
      (random) => ({ kind: "link stalled", link: `nats ${engine(random)}` }),
    );
  }
  return draws;
}

function drawLink(random: Random, cast: Cast): LinkName {
  const links: LinkName[] = [
    `worker ${random.between(0, cast.workers - 1)}`,
    `client ${random.between(0, cast.clients - 1)}`,
    `database ${random.between(0, cast.engines - 1)}`,
  ];
  if (cast.hasNats) links.push(`nats ${random.between(0, cast.engines - 1)}`);
  return random.pick(links);
}

/** Mostly short, and now and then longer than what judges silence: the lease of 9 s, the 12 s of a worker, the 10 s of NATS and of a sweep. */
function drawDuration(random: Random, { kind }: Harm): number {
  switch (kind) {
    case "worker frozen":
      return random.next() < 0.7 ? random.between(500, 4_000) : random.between(13_000, 16_000);
    case "engine frozen":
      if (random.next() < 0.07) return 60_000;
      return random.next() < 0.6 ? random.between(500, 5_000) : random.between(10_000, 14_000);
    case "postgres stopped":
      return random.next() < 0.8 ? random.between(500, 4_000) : 20_000;
    case "postgres frozen":
      return random.next() < 0.7 ? random.between(300, 3_000) : random.between(6_000, 10_000);
    case "nats killed":
    case "nats stopped":
    case "nats frozen":
    case "link stalled":
      return random.next() < 0.7 ? random.between(300, 4_000) : random.between(8_000, 14_000);
    case "worker killed":
    case "worker stopped":
    case "engine killed":
    case "engine stopped":
    case "link cut":
      return random.between(0, 3_000);
    default:
      return 0;
  }
}

/** With some time between them, in which a process that was started again comes up. */
function overlap(a: Fault, b: Fault): boolean {
  const REST_MS = 1_000;
  return a.atMs < b.atMs + b.forMs + REST_MS && b.atMs < a.atMs + a.forMs + REST_MS;
}
