import pg from "pg";
import { AS_IT_MUST_BE, countFinished } from "../lab/invariants.ts";
import { spread } from "../lab/spread.ts";
import type { Floor } from "../sql-floor/pipeline.ts";
import type { StatementCosts } from "../sql-floor/statements.ts";
import type { Section } from "./section.ts";

const TASKS = 50_000;
const STATEMENT_TASKS = 20_000;

/** The floor under the engine. */
export const floor: Section = {
  name: "floor",
  title: "The engine's statements with no engine: batches of 500 on two connections",
  isQuick: true,
  async run(lab) {
    const program = await lab.program("sql");
    const floors: Floor[] = [];
    const checks: string[] = [];
    for (let run = 0; run < lab.options.runs; run++) {
      const databaseUrl = await lab.postgres.createHelveDatabase("floor");
      await lab.postgres.settle();
      const measured = await program.call<Floor>("floor", { databaseUrl, count: TASKS });
      floors.push(measured);
      checks.push(await checkFloor(databaseUrl, measured.tasks));
    }
    await lab.postgres.dropDatabase("floor");
    const backlog = spread(floors.map((one) => one.backlogPerSecond));
    const born = spread(floors.map((one) => one.bornAssignedPerSecond));
    const check = checks.find((one) => one !== AS_IT_MUST_BE) ?? AS_IT_MUST_BE;
    return [
      { what: "SQL alone: stored, claimed, finished", value: backlog.median, spread: backlog, unit: "tasks/s", check },
      { what: "SQL alone: stored as assigned, finished", value: born.median, spread: born, unit: "tasks/s", check },
    ];
  },
};

async function checkFloor(databaseUrl: string, tasks: number): Promise<string> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  const finished = await countFinished(db).finally(() => db.end());
  return finished === tasks ? AS_IT_MUST_BE : `${finished} of ${tasks} task runs ended`;
}

/** Each statement, and those of the designs that lost. */
export const statements: Section = {
  name: "statements",
  title: "Each statement of the hot path alone, and those decided against: µs a task",
  isQuick: false,
  async run(lab) {
    const program = await lab.program("sql");
    const measured: StatementCosts[] = [];
    for (let run = 0; run < lab.options.runs; run++) {
      const databaseUrl = await lab.postgres.createHelveDatabase("statements");
      await lab.postgres.settle();
      measured.push(await program.call<StatementCosts>("statements", { databaseUrl, count: STATEMENT_TASKS }));
    }
    await lab.postgres.dropDatabase("statements");
    return Object.keys(measured[0] ?? {}).map((what) => {
      const costs = spread(measured.map((one) => one[what] as number));
      return { what, value: costs.median, spread: costs, unit: "µs a task" };
    });
  },
};
