import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { requireId } from "../engine/runs.ts";
import { CommandError, DONE } from "../exit-codes.ts";

/** `helve replay ID …` */
export const replay: Command = command({
  usage: "replay ID...",
  about:
    "Runs finished runs or tasks again, as new attempts of the same run. A task of a graph is run again with all that\n" +
    "comes after it.",
  options: { ...JSON_OPTION, ...ENGINE_OPTIONS },
  operands: { min: 1, max: 500 },
  async run({ values, operands, io }) {
    const externalIds = operands.map(requireId);
    const rest = openRest(await findEngine(values, io.env));
    const answer = await rest.post<{ ids?: string[] }>(`stable/tenants/${rest.tenantId}/tasks/replay`, { externalIds });
    const ids = answer.ids ?? [];
    if (values.json) io.out.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    else if (ids.length > 0) io.out.write(`${ids.length === 1 ? "1 task runs" : `${ids.length} tasks run`} again.\n`);
    if (ids.length === 0) throw new CommandError("nothing runs again: no such run, or it has not ended");
    return DONE;
  },
});
