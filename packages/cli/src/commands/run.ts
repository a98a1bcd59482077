import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { describeRun } from "../drawing/describe-run.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { getRun, hasEnded, requireId } from "../engine/runs.ts";
import { getWaits } from "../engine/waits.ts";
import { DONE } from "../exit-codes.ts";

/** `helve run ID`: one run, drawn, with what keeps it, its errors and its output. */
export const run: Command = command({
  usage: "run ID",
  about: "Shows a run: its tasks as a graph, why those wait that wait, what failed and why, and what came of it.",
  options: { ...JSON_OPTION, ...ENGINE_OPTIONS },
  operands: { min: 1, max: 1 },
  async run({ values, operands: [id = ""], io }) {
    const rest = openRest(await findEngine(values, io.env));
    const details = await getRun(rest, requireId(id));
    const waits = hasEnded(details.run.status) ? [] : await getWaits(rest, details.run.metadata.id);
    io.out.write(
      values.json ? `${JSON.stringify({ ...details, waits }, undefined, 2)}\n` : describeRun(details, waits, io.out),
    );
    return DONE;
  },
});
