import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { timeSpan, wholeNumber } from "../arguments/parse.ts";
import { waitSummary } from "../drawing/wait-text.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest, type Rest } from "../engine/rest.ts";
import { STATUSES, type Status, type Summary } from "../engine/runs.ts";
import { getWaits, type Wait } from "../engine/waits.ts";
import { workflowIdOf } from "../engine/workflows.ts";
import { DONE, UsageError } from "../exit-codes.ts";
import type { Output } from "../io.ts";
import type { Style } from "../terminal/style.ts";
import { table } from "../terminal/table.ts";
import { ago, elapsed } from "../terminal/time.ts";

const DAY_MS = 86_400_000;

/** `helve runs`: the newest runs first. */
export const runs: Command = command({
  usage: "runs [--workflow NAME] [--status STATUS | --waiting | --failed] [--since SPAN] [--limit N]",
  about: "Lists runs, the newest first.",
  options: {
    workflow: { value: "NAME", help: "only runs of this workflow" },
    status: {
      value: "STATUS",
      help: `only runs that are ${STATUSES.map((status) => status.toLowerCase()).join(", ")}`,
    },
    waiting: { help: "only runs of which nothing has begun, each with the reason" },
    failed: { help: "only runs that failed, each with its error" },
    since: { value: "SPAN", help: "how far back, such as 15m, 12h or 7d; default 24h" },
    limit: { value: "N", help: "how many at most; default 20" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 0, max: 0 },
  examples: ["helve runs --failed --since 7d"],
  async run({ values, io }) {
    const limit = wholeNumber(values.limit, "--limit", 1, 1000) ?? 20;
    const sinceMs = timeSpan(values.since, "--since") ?? DAY_MS;
    if ([values.waiting, values.failed, values.status !== undefined].filter(Boolean).length > 1)
      throw new UsageError("--waiting, --failed and --status exclude each other");
    const status = values.waiting ? "QUEUED" : values.failed ? "FAILED" : readStatus(values.status);
    const rest = openRest(await findEngine(values, io.env));
    const list = await rest.get<{ rows: Summary[] }>(`stable/tenants/${rest.tenantId}/workflow-runs`, {
      since: new Date(Date.now() - sinceMs).toISOString(),
      only_tasks: false,
      limit,
      statuses: status,
      workflow_ids: values.workflow === undefined ? undefined : await workflowIdOf(rest, values.workflow),
    });
    const rows = values.waiting ? await withWaits(rest, list.rows) : list.rows;
    if (values.json) io.out.write(`${JSON.stringify({ ...list, rows }, undefined, 2)}\n`);
    else
      io.out.write(
        rows.length > 0 ? runTable(rows, io.out, values.failed) : `No runs in the last ${values.since ?? "24h"}.\n`,
      );
    return DONE;
  },
});

const STATUS_STYLES: Readonly<Record<Status, Style | undefined>> = {
  QUEUED: "dim",
  RUNNING: "cyan",
  COMPLETED: "green",
  FAILED: "red",
  CANCELLED: "yellow",
};

type Row = Summary & { waits?: Wait[] };

/** One after the other: a list of a thousand is no burst of a thousand calls. */
async function withWaits(rest: Rest, runs: readonly Summary[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const run of runs) rows.push({ ...run, waits: await getWaits(rest, run.metadata.id) });
  return rows;
}

function runTable(rows: readonly Row[], output: Output, hasErrors: boolean): string {
  const nowMs = Date.now();
  const hasWaits = rows.some(({ waits }) => waits !== undefined);
  return table<Row>(
    [
      { title: "RUN", text: (run) => run.metadata.id },
      { title: "WORKFLOW", text: (run) => run.workflowName ?? run.displayName, shrinksTo: 10 },
      { title: "STATUS", text: (run) => run.status.toLowerCase(), style: (run) => STATUS_STYLES[run.status] },
      { title: "STARTED", text: (run) => ago(run.metadata.createdAt, nowMs), isNumber: true },
      { title: "TOOK", text: (run) => elapsed(run.startedAt, run.finishedAt, nowMs), isNumber: true },
      ...(hasErrors ? [{ title: "ERROR", text: firstLine, shrinksTo: 20 }] : []),
      ...(hasWaits ? [{ title: "WHY", text: (run: Row) => waitSummary(run.waits ?? []), shrinksTo: 20 }] : []),
    ],
    rows,
    output,
  );
}

function firstLine({ errorMessage = "" }: Row): string {
  return errorMessage.split("\n", 1)[0] ?? "";
}

function readStatus(text: string | undefined): Status | undefined {
  if (text === undefined) return undefined;
  const status = STATUSES.find((candidate) => candidate === text.toUpperCase());
  if (!status) throw new UsageError(`--status is '${text}': it must be one of ${STATUSES.join(", ").toLowerCase()}`);
  return status;
}
