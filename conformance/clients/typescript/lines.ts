import type { Context } from "@hatchet-dev/typescript-sdk/v1/client/worker/context.js";
import type { Loose } from "../../support/loose.ts";

/** Prints a line for the test. The mark tells it from what the client itself writes to standard output. */
export function tell(what: string, facts: Record<string, unknown> = {}): void {
  process.stdout.write(`@@${JSON.stringify({ at: Date.now(), what, ...facts })}\n`);
}

/** A line about the running attempt. */
export function tellTask(ctx: Context<Loose>, what: string, facts: Record<string, unknown> = {}): void {
  tell(what, {
    task: ctx.taskName(),
    run: ctx.workflowRunId(),
    taskRun: ctx.taskRunExternalId(),
    retry: ctx.retryCount(),
    ...facts,
  });
}

/** The test is gone when it no longer holds our standard input: nobody else would end us. */
export function endWithTheTest(): void {
  process.stdin.on("end", () => process.exit(9));
  process.stdin.resume();
}
