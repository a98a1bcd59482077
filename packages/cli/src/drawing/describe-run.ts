import { hasEnded, type RunDetails, type Status, type Summary } from "../engine/runs.ts";
import type { Wait } from "../engine/waits.ts";
import type { Output } from "../io.ts";
import { painter, printable, type Style } from "../terminal/style.ts";
import { ago, elapsed } from "../terminal/time.ts";
import { drawRun } from "./draw-run.ts";
import { viewOf } from "./run-view.ts";
import { waitLines } from "./wait-text.ts";

const STYLES: Readonly<Record<Status, Style>> = {
  QUEUED: "dim",
  RUNNING: "cyan",
  COMPLETED: "green",
  FAILED: "red",
  CANCELLED: "yellow",
};

/** A run for people: what it is, its graph, then what keeps its tasks, errors and outputs by task. */
export function describeRun(details: RunDetails, waits: readonly Wait[], output: Output): string {
  const nowMs = Date.now();
  const graph = drawRun(viewOf(details), output, nowMs);
  const keeping = section("Waits", waitLines(waits, nowMs), painter(output));
  return [headOf(details.run, output), "", ...graph, ...keeping, ...resultsOf(details, output), ""].join("\n");
}

/** The same without the graph, for who has just watched it. */
export function describeOutcome(details: RunDetails, output: Output): string {
  return [headOf(details.run, output), ...resultsOf(details, output), ""].join("\n");
}

function headOf(run: RunDetails["run"], output: Output): string {
  const paint = painter(output);
  const nowMs = Date.now();
  const took = elapsed(run.startedAt, run.finishedAt, nowMs);
  const facts = [
    paint(STYLES[run.status], run.status.toLowerCase()),
    ...(took === "" ? [] : [`${hasEnded(run.status) ? "took" : "running for"} ${took}`]),
    `started ${ago(run.metadata.createdAt, nowMs)}`,
  ];
  return `${paint("bold", printable(nameOf(run)))}  ${facts.join(", ")}\n${paint("dim", run.metadata.id)}`;
}

function resultsOf(details: RunDetails, output: Output): string[] {
  const paint = painter(output);
  return [
    ...section("Errors", errorsOf(details), paint),
    ...section("Output", outputsOf(details, details.tasks), paint),
  ];
}

/** A display name is the workflow's with the time of its start behind it. */
function nameOf(run: Summary): string {
  return run.workflowName ?? run.displayName.replace(/-\d{13}$/, "");
}

function section(title: string, lines: readonly string[], paint: ReturnType<typeof painter>): string[] {
  return lines.length === 0 ? [] : ["", paint("bold", title), ...lines.map((line) => `  ${line}`)];
}

/** Whole, so line by line. Which attempt it was is said of tasks that had more than one. */
function errorsOf(details: RunDetails): string[] {
  return viewOf(details).flatMap(({ name, attempt, errors }) =>
    errors.flatMap((error) => {
      const [first = "", ...others] = error.text.trimEnd().split("\n").map(printable);
      const which = attempt > 1 ? `, attempt ${error.attempt}` : "";
      return [`${printable(name)}${which}: ${first}`, ...others.map((line) => `  ${line}`)];
    }),
  );
}

function outputsOf({ shape }: RunDetails, tasks: readonly Summary[]): string[] {
  return shape.flatMap(({ taskName, taskExternalId }) => {
    const task = tasks.find((one) => one.taskExternalId === taskExternalId);
    if (task?.status !== "COMPLETED" || task.output === undefined) return [];
    return [`${taskName}: ${JSON.stringify(task.output)}`];
  });
}
