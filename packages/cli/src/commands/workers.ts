import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS, JSON_OPTION } from "../arguments/options.ts";
import { timeSpan } from "../arguments/parse.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { chooseWorkers } from "../engine/worker-choice.ts";
import { openFleet, stateOf, type Worker } from "../engine/workers.ts";
import { DONE, FAILED, UsageError } from "../exit-codes.ts";
import { workerTable } from "../terminal/worker-table.ts";
import { drainWorkers } from "./workers-drain.ts";

const ACTIONS = ["list", "pause", "resume", "drain"] as const;
type Action = (typeof ACTIONS)[number];

/** `helve workers`: who could take work, and pausing them. */
export const workers: Command = command({
  usage: "workers [pause|resume|drain] [ID...] [--name NAME] [--label KEY=VALUE] [--version VERSION]",
  about: `Lists connected workers; with --all also those that were there in the last day. pause gives a worker nothing new,
resume gives it work again, also when it was quarantined, drain pauses and waits until it has nothing left. Its SDK need
not know.`,
  options: {
    all: { help: "also workers that have gone" },
    name: { value: "NAME", help: "only workers of this name" },
    label: { value: "KEY=VALUE", help: "only workers with this label" },
    version: { value: "VERSION", help: "only workers whose label helve-build, or version, is this" },
    timeout: { value: "SPAN", help: "how long drain waits; default 10m" },
    ...JSON_OPTION,
    ...ENGINE_OPTIONS,
  },
  operands: { min: 0, max: 500 },
  examples: ["helve workers drain --version 1.2 --timeout 5m", "helve workers resume --name mail"],
  async run({ values, operands: [given = "list", ...ids], io }) {
    const action = readAction(given);
    const timeoutMs = timeSpan(values.timeout, "--timeout") ?? 600_000;
    const rest = openRest(await findEngine(values, io.env));
    const fleet = openFleet(rest);
    const wanted = { ids, name: values.name, label: values.label, version: values.version };
    if (action === "list") {
      const all = await rest.get<{ rows?: Worker[] }>(`tenants/${rest.tenantId}/worker`);
      const rows = chooseWorkers(all.rows ?? [], wanted).filter((one) => values.all || stateOf(one) !== "inactive");
      if (values.json) io.out.write(`${JSON.stringify({ ...all, rows }, undefined, 2)}\n`);
      else io.out.write(rows.length > 0 ? workerTable(rows, io.out, Date.now()) : "No workers are connected.\n");
      return DONE;
    }
    if (ids.length === 0 && !values.name && !values.label && !values.version) {
      throw new UsageError(`which workers? helve workers ${action} takes ids, --name, --label or --version`);
    }
    const chosen = chooseWorkers(await fleet.list(), wanted).filter(
      (one) => ids.length > 0 || one.status !== "INACTIVE",
    );
    if (chosen.length === 0) {
      io.err.write("helve: no connected worker is meant by that\n");
      return FAILED;
    }
    await Promise.all(chosen.map((one) => fleet.setPaused(one.metadata.id, action !== "resume")));
    if (action === "drain") return drainWorkers({ fleet, chosen, timeoutMs, io, isJson: values.json });
    const after = await Promise.all(chosen.map((one) => fleet.get(one.metadata.id)));
    if (values.json) io.out.write(`${JSON.stringify({ rows: after }, undefined, 2)}\n`);
    else for (const one of after) io.out.write(`${one.metadata.id} (${one.name}) is ${stateOf(one)}\n`);
    return DONE;
  },
});

function readAction(text: string): Action {
  const action = ACTIONS.find((one) => one === text);
  if (!action) throw new UsageError(`helve workers has no '${text}': it is ${ACTIONS.join(", ")}`);
  return action;
}
