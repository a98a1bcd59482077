import { describeOutcome } from "../drawing/describe-run.ts";
import { watchRun } from "../drawing/watch-run.ts";
import type { Rest } from "../engine/rest.ts";
import type { RunDetails } from "../engine/runs.ts";
import type { Output } from "../io.ts";
import { SAMPLE_WORKFLOW } from "../sample/sample-order.ts";
import { painter } from "../terminal/style.ts";

/** Starts a run of the sample and shows it until it has ended. */
export async function showSampleRun(rest: Rest, output: Output, signal: AbortSignal): Promise<void> {
  const paint = painter(output);
  const started = await rest.post<RunDetails>(`stable/tenants/${rest.tenantId}/workflow-runs/trigger`, {
    workflowName: SAMPLE_WORKFLOW,
    input: { item: "kettle" },
  });
  output.write(`${paint("dim", "A run of the sample workflow")} ${paint("bold", SAMPLE_WORKFLOW)}\n\n`);
  const ended = await watchRun(rest, started.run.metadata.id, output, signal);
  output.write(`\n${describeOutcome(ended, output)}\n`);
}
