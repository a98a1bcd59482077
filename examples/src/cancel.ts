/** A run that is cancelled while its task works: the task notices by the signal of its context, and cleans up. */
import { setTimeout as sleep } from "node:timers/promises";
import { Helve, RunFailedError } from "@helve/sdk";

const helve = Helve.init();

const crawl = helve.task({
  name: "crawl",
  executionTimeout: "10m",
  fn: async (input: { pages: number }, ctx) => {
    let done = 0;
    try {
      for (; done < input.pages; done += 1) {
        // Whatever takes an AbortSignal can be given this one: fetch, timers, database drivers.
        await sleep(50, undefined, { signal: ctx.signal });
        await ctx.putStream(`page ${done}`);
      }
    } finally {
      if (ctx.cancelled) console.log("cancelled: closing what was open");
    }
    return { pages: done };
  },
});

const worker = await helve.worker("crawl-worker", { workflows: [crawl] });
const stopped = worker.start();

const run = await crawl.runNoWait({ pages: 10_000 });
// The first page is the sign that the task is at work.
for await (const page of helve.runs.subscribeToStream(run.workflowRunId)) {
  console.log(`it works: ${page.startsWith("page")}`);
  break;
}
await run.cancel();
try {
  await run.output;
} catch (error) {
  if (error instanceof RunFailedError) console.log(`the run was ${error.status}`);
}

await worker.stop();
await stopped;
