import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { DONE } from "../exit-codes.ts";
import { table } from "../terminal/table.ts";
import { elapsed } from "../terminal/time.ts";

interface Action {
  action: string;
  workers: number;
  queued: number;
  oldest?: string;
  workflows: { name: string }[];
}

/** `helve actions`: what workers must be able to do, and whether any can. */
export const actions: Command = command({
  usage: "actions [--unserved]",
  about: "Lists the actions that workflows need or tasks wait for, and how many connected workers have them.",
  options: {
    unserved: { help: "only those that no connected worker has" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 0, max: 0 },
  async run({ values, io }) {
    const rest = openRest(await findEngine(values, io.env));
    const query = { unserved: values.unserved || undefined };
    const list = await rest.get<{ rows: Action[] }>(`tenants/${rest.tenantId}/actions`, query);
    if (values.json) io.out.write(`${JSON.stringify(list, undefined, 2)}\n`);
    else if (list.rows.length > 0) io.out.write(actionTable(list.rows, io.out));
    else io.out.write(values.unserved ? "Every action has a connected worker.\n" : "No workflow is registered.\n");
    return DONE;
  },
});

function actionTable(rows: readonly Action[], output: Parameters<typeof table>[2]): string {
  const nowMs = Date.now();
  const isStuck = ({ workers, queued }: Action) => workers === 0 && queued > 0;
  return table<Action>(
    [
      { title: "ACTION", text: ({ action }) => action },
      {
        title: "WORKERS",
        text: ({ workers }) => String(workers),
        isNumber: true,
        style: (row) => (isStuck(row) ? "red" : row.workers === 0 ? "yellow" : undefined),
      },
      { title: "WAITING", text: ({ queued }) => String(queued), isNumber: true },
      { title: "LONGEST", text: ({ oldest }) => elapsed(oldest, undefined, nowMs), isNumber: true },
      {
        title: "WORKFLOWS",
        text: ({ workflows }) => [...new Set(workflows.map(({ name }) => name))].join(", "),
        shrinksTo: 10,
      },
    ],
    rows,
    output,
  );
}
