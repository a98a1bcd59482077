import fc from "fast-check";
import { afterAll, beforeAll, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import { ClusterProgram } from "./cluster-program.ts";
import { clusterPrograms, definitionOf, type Program } from "./program.ts";

const numRuns = Number(process.env.HELVE_MODEL_RUNS ?? 40);
const seed = Number(process.env.HELVE_MODEL_SEED ?? Date.now() % 2 ** 31);
/** Where in the seed's programs to begin: a failure says where it was. */
const path = process.env.HELVE_MODEL_PATH;
/** A program takes a tenth of a second; making a failing one shorter runs many. */
const endOnFailure = process.env.HELVE_MODEL_SHRINK === undefined;

let cluster: TestCluster;
let engines: TestEngine[];
let programs = 0;

beforeAll(async () => {
  cluster = await testCluster();
  engines = [await cluster.start(), await cluster.start()];
});
afterAll(() => cluster.end());

async function runOnCluster({ shapes, commands }: Program): Promise<void> {
  const number = ++programs;
  const definitions = shapes.map((shape, index) => definitionOf(shape, `flow-${number}-${index}`));
  await new ClusterProgram(cluster, engines, definitions).run(commands);
}

test(`two replicas on one Postgres do as the reference model does, in ${numRuns} random programs (seed ${seed})`, async () => {
  await fc.assert(fc.asyncProperty(clusterPrograms(25), runOnCluster), {
    seed,
    numRuns,
    endOnFailure,
    ...(path && { path }),
  });
}, 3_600_000);
