import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { DONE } from "../exit-codes.ts";
import type { Output } from "../io.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";

/** A worker of the API, as far as it is shown. */
interface Worker {
  metadata: { id: string };
  name: string;
  status: "ACTIVE" | "INACTIVE" | "PAUSED";
  lastHeartbeatAt?: string;
  actions?: string[] | null;
  slotConfig?: Record<string, { available?: number; limit: number }>;
}

/** `helve workers`: who could take work. */
export const workers: Command = command({
  usage: "workers [--all]",
  about: "Lists connected workers with their free slots; with --all also those that were there in the last day.",
  options: { all: { help: "also workers that have gone" }, ...JSON_OPTION, ...ENGINE_OPTIONS },
  operands: { min: 0, max: 0 },
  async run({ values, io }) {
    const rest = openRest(await findEngine(values, io.env));
    const list = await rest.get<{ rows?: Worker[] }>(`tenants/${rest.tenantId}/worker`);
    const rows = (list.rows ?? []).filter((worker) => values.all || worker.status !== "INACTIVE");
    if (values.json) io.out.write(`${JSON.stringify({ ...list, rows }, undefined, 2)}\n`);
    else io.out.write(rows.length > 0 ? workerTable(rows, io.out) : "No workers are connected.\n");
    return DONE;
  },
});

function workerTable(rows: readonly Worker[], output: Output): string {
  const nowMs = Date.now();
  const styles = { ACTIVE: "green", PAUSED: "yellow", INACTIVE: "dim" } as const;
  return table<Worker>(
    [
      { title: "WORKER", text: (worker) => worker.metadata.id },
      { title: "NAME", text: (worker) => worker.name, shrinksTo: 8 },
      { title: "STATUS", text: (worker) => worker.status.toLowerCase(), style: (worker) => styles[worker.status] },
      { title: "FREE", text: slotsOf, isNumber: true },
      { title: "ACTIONS", text: (worker) => String(worker.actions?.length ?? 0), isNumber: true },
      { title: "SEEN", text: (worker) => ago(worker.lastHeartbeatAt, nowMs), isNumber: true },
    ],
    rows,
    output,
  );
}

/** Free slots of all there are; by kind where there is more than one kind. */
function slotsOf({ slotConfig = {} }: Worker): string {
  const kinds = Object.entries(slotConfig);
  return kinds
    .map(([kind, { available, limit }]) => {
      const count = available === undefined ? String(limit) : `${available}/${limit}`;
      return kinds.length > 1 ? `${kind} ${count}` : count;
    })
    .join(", ");
}
