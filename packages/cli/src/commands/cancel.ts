import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { requireId } from "../engine/runs.ts";
import { DONE } from "../exit-codes.ts";

/** `helve cancel ID …` */
export const cancel: Command = command({
  usage: "cancel ID...",
  about: "Cancels runs, with all their tasks, or single tasks. What has ended stays as it is.",
  options: { ...JSON_OPTION, ...ENGINE_OPTIONS },
  operands: { min: 1, max: 500 },
  async run({ values, operands, io }) {
    const externalIds = operands.map(requireId);
    const rest = openRest(await findEngine(values, io.env));
    const answer = await rest.post<{ ids?: string[] }>(`stable/tenants/${rest.tenantId}/tasks/cancel`, { externalIds });
    if (values.json) io.out.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    else
      io.out.write(
        `Asked to cancel ${externalIds.length === 1 ? externalIds[0] : `${externalIds.length} runs or tasks`}.\n`,
      );
    return DONE;
  },
});
