import { chain } from "./chain.ts";
import { million, snapshot } from "./endurance.ts";
import { fairness } from "./fairness.ts";
import { flat } from "./flat.ts";
import { fleet } from "./fleet.ts";
import { graphs } from "./graphs.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { replicas } from "./replicas.ts";
import { rivals } from "./rivals.ts";
import type { Section } from "./section.ts";
import { callers, fanOut, payloads, workers } from "./shapes.ts";
import { floor, statements } from "./sql.ts";
import { start } from "./start.ts";
import { published, throughput } from "./throughput.ts";
import { writes } from "./writes.ts";

/** All parts of the bench, in the order in which they run. */
export const SECTIONS: readonly Section[] = [
  floor,
  throughput,
  published,
  rivals,
  latency,
  chain,
  graphs,
  writes,
  idle,
  start,
  statements,
  payloads,
  fanOut,
  callers,
  workers,
  fleet,
  fairness,
  replicas,
  snapshot,
  million,
  flat,
];
