/**
 * A task that starts others and gathers what they give. Children are found again by a retried parent: they are not run a
 * second time.
 */
import { Helve } from "@helve/sdk";

const helve = Helve.init();

const countWords = helve.task({
  name: "count-words",
  fn: async (input: { text: string }) => ({ words: input.text.split(/\s+/).filter(Boolean).length }),
});

const countBook = helve.task({
  name: "count-book",
  retries: 1,
  fn: async (input: { chapters: string[] }, ctx) => {
    // Called in a task, `run` starts children of that task; a list of inputs starts them all at once.
    const counts = await countWords.run(input.chapters.map((text) => ({ text })));
    if (ctx.retryCount() === 0) throw new Error("the parent stumbles after its children are done");
    return { words: counts.reduce((sum, { words }) => sum + words, 0) };
  },
});

const worker = await helve.worker("book-worker", { workflows: [countWords, countBook], slots: 50 });
const stopped = worker.start();

const chapters = Array.from({ length: 100 }, (_, n) => `chapter ${n} has five words`);
const { words } = await countBook.run({ chapters });
console.log(`${chapters.length} chapters, ${words} words`);

await worker.stop();
await stopped;
