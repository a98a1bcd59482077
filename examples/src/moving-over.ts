/**
 * A program in the oldest form of Hatchet's SDK, as it is found in the wild. Only its import was changed; its variables of
 * the environment (HATCHET_CLIENT_TOKEN, …) are read too.
 */
import Hatchet, { type LegacyWorkflow } from "@helve/sdk";

const hatchet = Hatchet.init();

const workflow: LegacyWorkflow = {
  id: "simple-workflow",
  description: "two steps, one after the other",
  on: { event: "user:create" },
  steps: [
    {
      name: "step1",
      timeout: "10s",
      retries: 1,
      run: async (ctx) => ({ greeting: `hello ${ctx.workflowInput().user}` }),
    },
    {
      name: "step2",
      parents: ["step1"],
      run: (ctx) => ({ shouted: ctx.stepOutput("step1").greeting.toUpperCase() }),
    },
  ],
};

const worker = await hatchet.worker("test-worker", { maxRuns: 4 });
await worker.registerWorkflow(workflow);
const stopped = worker.start();

const run = await hatchet.admin.runWorkflow("simple-workflow", { user: "ada" });
console.log(JSON.stringify(await run.result()));

await worker.stop();
await stopped;
