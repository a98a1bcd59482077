import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { describeRun } from "../drawing/describe-run.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { getRun, requireId } from "../engine/runs.ts";
import { DONE } from "../exit-codes.ts";

/** `helve run ID`: one run, drawn, with its errors and its output. */
export const run: Command = command({
  usage: "run ID",
  about: "Shows a run: its tasks as a graph, what failed and why, and what came of it.",
  options: { ...JSON_OPTION, ...ENGINE_OPTIONS },
  operands: { min: 1, max: 1 },
  async run({ values, operands: [id = ""], io }) {
    const rest = openRest(await findEngine(values, io.env));
    const details = await getRun(rest, requireId(id));
    io.out.write(values.json ? `${JSON.stringify(details, undefined, 2)}\n` : describeRun(details, io.out));
    return DONE;
  },
});
