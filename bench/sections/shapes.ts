import type { Figure } from "../lab/figures.ts";
import { checkInvariants, countFinished } from "../lab/invariants.ts";
import { percentile, spread } from "../lab/spread.ts";
import type { OfferedLoad } from "../programs/offered-load.ts";
import { bulk, untilAllStored } from "./load.ts";
import type { Section } from "./section.ts";
import { throughputFigure } from "./throughput.ts";

const PAYLOADS = [
  { title: "100 B", characters: 100, count: 20_000, perCall: 1000 },
  { title: "10 KiB", characters: 10 * 1024, count: 5000, perCall: 100 },
  { title: "1 MiB", characters: 1024 * 1024, count: 100, perCall: 1 },
];

/** Larger inputs, given back as outputs: each byte is sent, stored, sent, sent back and stored again. */
export const payloads: Section = {
  name: "payloads",
  title: "Inputs of 100 B, 10 KiB and 1 MiB, each given back as the output; own SDK",
  isQuick: false,
  async run(lab) {
    const figures: Figure[] = [];
    for (const { title, characters, count, perCall } of PAYLOADS) {
      const stage = await lab.stage({ slots: 100 });
      const load = { name: "echo", padding: characters, perCall, lanes: 4 } as const;
      await bulk(lab, stage, { ...load, count: Math.ceil(count / 10) });
      const measured = [];
      for (let run = 0; run < lab.options.runs; run++) measured.push(await bulk(lab, stage, { ...load, count }));
      const figure = throughputFigure(title, measured);
      const mibPerSecond = (figure.value * characters) / 2 ** 20;
      figures.push({ ...figure, unit: "tasks/s", details: { ...figure.details, "MiB/s of inputs": mibPerSecond } });
      await lab.clear();
    }
    return figures;
  },
};

const CHILDREN = 10_000;

/** One parent, many children. */
export const fanOut: Section = {
  name: "fan-out",
  title: `A task that starts ${CHILDREN.toLocaleString("en-US")} children and waits for all of them; own SDK`,
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    await stage.client.call("oneByOne", { name: "fan", count: 1, input: { count: 1000 } });
    await untilAllStored(stage);
    const times: number[] = [];
    let check = "";
    for (let run = 0; run < lab.options.runs; run++) {
      const since = await countFinished(stage.db);
      times.push(
        ...(await stage.client.call<number[]>("oneByOne", { name: "fan", count: 1, input: { count: CHILDREN } })),
      );
      await untilAllStored(stage);
      check = await checkInvariants(stage.db, since, { runIds: [], children: CHILDREN + 1 });
    }
    const all = spread(times);
    return [
      { what: "until the parent's result is there", value: all.median, spread: all, unit: "ms", check },
      { what: "children", value: (CHILDREN / all.median) * 1000, unit: "tasks/s" },
    ];
  },
};

const CALLERS = 50;
const RUNS = 100_000;

/** Many programs' worth of callers in one process, each waiting for its answer before it asks again. */
export const callers: Section = {
  name: "callers",
  title: `${RUNS.toLocaleString("en-US")} runs by ${CALLERS} callers at a time, one run a call: as fast as they go, and spread over a minute`,
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    await bulk(lab, stage, { name: "noop", count: 5000, perCall: 1, lanes: CALLERS });
    const closed = await bulk(lab, stage, { name: "noop", count: RUNS, perCall: 1, lanes: CALLERS });
    const perSecond = RUNS / 60;
    const since = await countFinished(stage.db);
    await stage.worker.call("reset", RUNS);
    const load = await stage.client.call<OfferedLoad>("offeredLoad", { perSecond, count: RUNS });
    await untilAllStored(stage);
    const answered = load.acknowledgedAt.map((at, n) => at - (load.scheduledAt[n] as number)).sort();
    return [
      {
        ...throughputFigure("as fast as they go", [closed]),
        spread: undefined,
        unit: "runs/s",
        budget: { atLeast: perSecond },
      },
      {
        what: "spread over a minute: due → trigger answered, P50",
        value: percentile(answered, 0.5),
        unit: "ms",
        check: await checkInvariants(stage.db, since, { runIds: [], children: RUNS }),
      },
      { what: "spread over a minute: due → trigger answered, P99", value: percentile(answered, 0.99), unit: "ms" },
    ];
  },
};

const SLOTS = 1000;
const TASKS = 20_000;

/** The same slots on one worker or on many. */
export const workers: Section = {
  name: "workers",
  title: `${SLOTS} slots on 1, 10 and 100 workers, in one process; own SDK`,
  isQuick: false,
  async run(lab) {
    const figures: Figure[] = [];
    for (const count of [1, 10, 100]) {
      const stage = await lab.stage({ workers: count, slots: SLOTS / count });
      await bulk(lab, stage, { name: "noop", count: 5000 });
      const measured = [];
      for (let run = 0; run < lab.options.runs; run++)
        measured.push(await bulk(lab, stage, { name: "noop", count: TASKS }));
      figures.push({ ...throughputFigure(`${count} workers`, measured), unit: "tasks/s" });
      await lab.clear();
    }
    const single = await lab.stage({ slots: 100 });
    await bulk(lab, single, { name: "noop", count: 5000 });
    const measured = [];
    for (let run = 0; run < lab.options.runs; run++)
      measured.push(await bulk(lab, single, { name: "noop", count: TASKS }));
    figures.push({ ...throughputFigure("1 worker with 100 slots", measured), unit: "tasks/s" });
    return figures;
  },
};
