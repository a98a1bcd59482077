/**
 * The program that triggers and awaits, with one of the TypeScript clients. Reads `{id, verb, args}` lines from its standard
 * input and answers each with an `answer` or an `error` line of the same id; calls run side by side.
 */
import { createInterface } from "node:readline";
import type { Loose } from "../../support/loose.ts";
import { endWithTheTest, tell } from "./lines.ts";
import { HatchetClient } from "./sdk.ts";

type Args = Record<string, Loose>;

endWithTheTest();
const hatchet = HatchetClient.init();

const verbs: Record<string, (args: Args) => Promise<unknown>> = {
  /** Triggers and waits. */
  run: async ({ workflow, input, options }) => (await hatchet.runNoWait(workflow, input, options ?? {})).output,
  start: async ({ workflow, input, options }) => (await hatchet.runNoWait(workflow, input, options ?? {})).runId,
  startMany: async ({ workflow, inputs }) => {
    const declared = hatchet.workflow<Loose, Loose>({ name: workflow });
    // Which the oldest release calls otherwise.
    const start = declared.runManyNoWait ?? ((items: { input: Loose }[]) => declared.runNoWait(items.map(inputOf)));
    const refs = await start.call(
      declared,
      inputs.map((input: unknown) => ({ input })),
    );
    return Promise.all(refs.map((ref) => ref.runId));
  },
  /** The way of a program that holds the declaration of a standalone task: no task name around the output. */
  runTask: ({ workflow, input }) => {
    const declared = hatchet.task({ name: workflow, fn: async (value: Loose): Promise<Loose> => value });
    return declared.run(input) as Promise<unknown>;
  },
  result: ({ run }) => hatchet.runs.runRef(run).output,
  stream: async ({ run }) => {
    const chunks: string[] = [];
    for await (const chunk of hatchet.runs.subscribeToStream(run)) chunks.push(chunk);
    return chunks;
  },
  get: ({ run }) => hatchet.runs.get(run),
  status: ({ run }) => hatchet.runs.get_status(run),
  details: ({ run }) => hatchet.runs.getDetails(run),
  list: ({ workflow }) => hatchet.runs.list({ workflowNames: [workflow], onlyTasks: false }),
  cancel: async ({ runs }) => (await hatchet.runs.cancel({ ids: runs })).data,
  replay: async ({ runs }) => (await hatchet.runs.replay({ ids: runs })).data,
  logs: ({ taskRun }) => hatchet.logs.list(taskRun),
  workers: () => hatchet.workers.list(),
  worker: ({ worker }) => hatchet.workers.get(worker),
  pause: ({ worker }) => hatchet.workers.pause(worker),
  unpause: ({ worker }) => hatchet.workers.unpause(worker),
  workflows: ({ name }) => hatchet.workflows.list({ name }),
};

const inputOf = ({ input }: { input: Loose }): Loose => input;

createInterface({ input: process.stdin }).on("line", (text) => {
  const { id, verb, args } = JSON.parse(text) as { id: number; verb: string; args: Args };
  void answer(id, verbs[verb], args);
});
tell("ready");

async function answer(id: number, verb: ((args: Args) => Promise<unknown>) | undefined, args: Args): Promise<void> {
  try {
    if (!verb) throw new Error("the TypeScript client has no such verb");
    tell("answer", { id, value: (await verb(args)) ?? null });
  } catch (error) {
    // A failed run rejects with the list of its tasks' error texts.
    const message = Array.isArray(error) ? error.join("\n") : error instanceof Error ? error.message : String(error);
    tell("error", {
      id,
      name: Array.isArray(error) ? "Array" : error instanceof Error ? error.name : typeof error,
      message,
    });
  }
}
