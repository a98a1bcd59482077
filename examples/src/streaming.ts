/** A task that gives its output piece by piece, as a language model does, and a program that reads along. */
import { setTimeout as sleep } from "node:timers/promises";
import { Helve } from "@helve/sdk";

const helve = Helve.init();

const recite = helve.task({
  name: "recite",
  fn: async (input: { text: string }, ctx) => {
    // Whoever subscribes sees what comes from then on, so this reader is given a moment to do so.
    await sleep(300);
    for (const word of input.text.split(" ")) {
      await ctx.putStream(`${word} `);
      await sleep(10);
    }
    return { words: input.text.split(" ").length };
  },
});

const worker = await helve.worker("recite-worker", { workflows: [recite] });
const stopped = worker.start();

const run = await recite.runNoWait({ text: "to be or not to be" });
let heard = "";
for await (const piece of helve.runs.subscribeToStream(run.workflowRunId)) heard += piece;
console.log(`heard: ${heard.trim()}`);
console.log(`words: ${(await run.output).words}`);

await worker.stop();
await stopped;
