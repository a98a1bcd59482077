import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { requireId } from "../engine/runs.ts";
import { CommandError, DONE, UsageError } from "../exit-codes.ts";
import { replayFailed } from "./replay-failed.ts";

/** `helve replay ID …` */
export const replay: Command = command({
  usage: "replay ID... | --failed [--since SPAN] [--workflow NAME] [--yes]",
  about:
    "Runs finished runs or tasks again, as new attempts of the same run. A task of a graph is run again with all that\n" +
    "comes after it.",
  options: {
    failed: { help: "all runs that failed, instead of ids" },
    since: { value: "SPAN", help: "of the failed: those started in the last 15m, 12h or 7d; default 1h" },
    workflow: { value: "NAME", help: "of the failed: those of this workflow" },
    yes: { help: "do it; without, the failed are only counted" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 0, max: 500 },
  examples: ["helve replay --failed --since 1h --yes"],
  async run({ values, operands, io }) {
    if (values.failed === operands.length > 0) throw new UsageError("helve replay takes ids, or --failed");
    const externalIds = operands.map(requireId);
    const rest = openRest(await findEngine(values, io.env));
    if (values.failed) {
      const { since, workflow, yes, json } = values;
      return replayFailed(rest, io, { since, workflow, isConfirmed: yes, isJson: json });
    }
    const answer = await rest.post<{ ids?: string[] }>(`stable/tenants/${rest.tenantId}/tasks/replay`, { externalIds });
    const ids = answer.ids ?? [];
    if (values.json) io.out.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    else if (ids.length > 0) io.out.write(`${ids.length === 1 ? "1 task runs" : `${ids.length} tasks run`} again.\n`);
    if (ids.length === 0) throw new CommandError("nothing runs again: no such run, or it has not ended");
    return DONE;
  },
});
