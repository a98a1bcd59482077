import fc from "fast-check";
import { test } from "vitest";
import { KEPT_PROGRAMS } from "./kept-programs.ts";
import { runInMemory } from "./memory-program.ts";
import { programs } from "./program.ts";

/** 10,000 take some five seconds. */
const numRuns = Number(process.env.HELVE_MODEL_PROGRAMS ?? 1000);
const seed = Number(process.env.HELVE_MODEL_SEED ?? Date.now() % 2 ** 31);

test(`the engine decides as the reference model does, in ${numRuns} random programs (seed ${seed})`, () => {
  fc.assert(fc.property(programs(40), runInMemory), { seed, numRuns });
}, 60_000);

for (const [name, program] of Object.entries(KEPT_PROGRAMS)) test(name, () => runInMemory(program));
