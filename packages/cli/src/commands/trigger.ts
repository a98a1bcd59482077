import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { wholeNumber } from "../arguments/parse.ts";
import { describeOutcome } from "../drawing/describe-run.ts";
import { watchRun } from "../drawing/watch-run.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { followRun, type RunDetails } from "../engine/runs.ts";
import { DONE, FAILED, UsageError } from "../exit-codes.ts";

/** `helve trigger NAME [JSON]` */
export const trigger: Command = command({
  usage: "trigger NAME [JSON] [--wait]",
  about:
    "Starts a run of a workflow, or of a standalone task, and prints its id. JSON is the input, an object; - reads it from\n" +
    "standard input. With --wait the run is shown until it has ended, and the exit code is 1 if it did not succeed.",
  options: {
    wait: { help: "wait until the run has ended" },
    metadata: { value: "JSON", help: "an object that is kept with the run, to find it by" },
    priority: { value: "N", help: "1 (low) to 3 (high)" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 1, max: 2 },
  examples: [`helve trigger sample-order '{"item": "kettle"}' --wait`],
  async run({ values, operands: [workflowName = "", json = "{}"], io }) {
    const input = readObject(json === "-" ? await io.readInput() : json, "the input");
    const additionalMetadata = values.metadata === undefined ? undefined : readObject(values.metadata, "--metadata");
    const priority = wholeNumber(values.priority, "--priority", 1, 3);
    const rest = openRest(await findEngine(values, io.env));
    const started = await rest.post<RunDetails>(`stable/tenants/${rest.tenantId}/workflow-runs/trigger`, {
      workflowName,
      input,
      ...(additionalMetadata && { additionalMetadata }),
      ...(priority && { priority }),
    });
    const { id } = started.run.metadata;
    if (!values.wait) {
      io.out.write(values.json ? `${JSON.stringify(started, undefined, 2)}\n` : `${id}\n`);
      return DONE;
    }
    if (!values.json) io.err.write(`Run ${id}\n\n`);
    // Whoever asks for JSON gets that alone on standard output; the progress is for people.
    const ended = values.json ? await followRun(rest, id, () => {}) : await watchRun(rest, id, io.err);
    io.out.write(values.json ? `${JSON.stringify(ended, undefined, 2)}\n` : `\n${describeOutcome(ended, io.out)}`);
    return ended.run.status === "COMPLETED" ? DONE : FAILED;
  },
});

function readObject(text: string, what: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${what} must be a JSON object, such as {"n": 1}`);
}
