import { countStatements } from "../lab/statement-counts.ts";
import { bulk } from "./load.ts";
import type { Section } from "./section.ts";

const TASKS = 20_000;

/** What a task costs the database in statements, which is counted apart from what is timed. */
export const writes: Section = {
  name: "writes",
  title: "Transactions and statements a task, as Postgres counts them; own SDK",
  isQuick: true,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    await bulk(lab, stage, { name: "noop", count: TASKS });
    let check = "";
    const noop = await countStatements(stage.databaseUrl, async () => {
      check = (await bulk(lab, stage, { name: "noop", count: TASKS })).check;
    });
    const hops = 400;
    const single = await countStatements(stage.databaseUrl, async () => {
      await stage.client.call("oneByOne", { name: "noop", count: hops });
    });
    return [
      {
        what: "write transactions, at load",
        value: noop.writeTransactions / TASKS,
        unit: "a task",
        budget: { atMost: 0.05 },
        check,
      },
      { what: "statements, at load", value: noop.statements / TASKS, unit: "a task" },
      { what: "write transactions, one at a time", value: single.writeTransactions / hops, unit: "a task" },
      { what: "statements, one at a time", value: single.statements / hops, unit: "a task" },
    ];
  },
};
