import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { timeSpan } from "../arguments/parse.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { findWorkflow, type Workflow } from "../engine/workflows.ts";
import { DONE, UsageError } from "../exit-codes.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";

/** `helve workflows`: what is registered, and pausing it. */
export const workflows: Command = command({
  usage: "workflows [pause|resume NAME...] [--keep SPAN]",
  about: `Lists workflows, the newest first. pause holds back their tasks that no worker has, also those of runs to come;
they wait in their order and do not time out. resume lets them go on.`,
  options: {
    keep: { value: "SPAN", help: "cancel tasks that a pause keeps waiting for longer, such as 12h; default: none" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 0, max: 500 },
  examples: ["helve workflows pause billing --keep 24h", "helve workflows resume billing"],
  async run({ values, operands: [action = "list", ...names], io }) {
    if (action !== "list" && action !== "pause" && action !== "resume") {
      throw new UsageError(`helve workflows has no '${action}': it is list, pause, resume`);
    }
    if (action !== "list" && names.length === 0)
      throw new UsageError(`which workflows? helve workflows ${action} NAME`);
    if (action !== "pause" && values.keep !== undefined) throw new UsageError("--keep is for helve workflows pause");
    const keepMs = timeSpan(values.keep, "--keep");
    const rest = openRest(await findEngine(values, io.env));
    if (action === "list") {
      const list = await rest.get<{ rows: Workflow[] }>(`tenants/${rest.tenantId}/workflows`, { limit: 10_000 });
      if (values.json) io.out.write(`${JSON.stringify(list, undefined, 2)}\n`);
      else io.out.write(list.rows.length > 0 ? workflowTable(list.rows, io.out) : "No workflow is registered.\n");
      return DONE;
    }
    // All are looked for before the first is changed: a misspelled name changes nothing.
    const found = await Promise.all(names.map((name) => findWorkflow(rest, name)));
    const pause =
      action === "resume"
        ? { action: "unpause" }
        : { action: "pause", pausedWorkflowQueueTTL: keepMs === undefined ? undefined : `${keepMs}ms` };
    const rows = await Promise.all(
      found.map(({ metadata }) => rest.patch<Workflow>(`workflows/${metadata.id}`, { pause })),
    );
    if (values.json) io.out.write(`${JSON.stringify({ rows }, undefined, 2)}\n`);
    else for (const one of rows) io.out.write(`${one.name} is ${stateOf(one)}\n`);
    return DONE;
  },
});

function stateOf({ isPaused }: Workflow): "paused" | "active" {
  return isPaused ? "paused" : "active";
}

function workflowTable(rows: readonly Workflow[], output: Parameters<typeof table>[2]): string {
  const nowMs = Date.now();
  return table<Workflow>(
    [
      { title: "WORKFLOW", text: ({ name }) => name, shrinksTo: 10 },
      { title: "STATE", text: stateOf, style: ({ isPaused }) => (isPaused ? "yellow" : undefined) },
      { title: "MADE", text: ({ metadata }) => ago(metadata.createdAt, nowMs), isNumber: true },
      { title: "ID", text: ({ metadata }) => metadata.id },
    ],
    rows,
    output,
  );
}
