import { parseArgs } from "node:util";

export interface Options {
  replicas: number;
  seed: number;
  rounds: number;
  /** Faults begin within so much of each round. */
  roundSeconds: number;
  faults: number;
  /** Runs triggered in a second of a round. */
  perSecond: number;
  /** Whether the folder of a round without violations is kept as well. */
  keepsAll: boolean;
  /** Whether hints go over NATS, which is harmed as well. */
  hasNats: boolean;
  /** The long form: one cluster, so many minutes. Undefined: rounds. */
  minutes: number | undefined;
  /** Part of what the cluster can do that is offered in the long form. */
  load: number;
}

export const USAGE = `Usage: npm run chaos -- [options]

  --rounds N    rounds, each with a cluster of its own; default 1
  --seed N      of the first round, the next ones count on; default 1
  --replicas N  engines on one Postgres; default 2
  --seconds N   how long faults go on in a round; default 12
  --faults N    drawn for a round; default 6
  --rate N      runs triggered a second; default 25
  --nats        hints go over a nats-server, which is harmed as well
  --keep        leave logs, journals and database of every round where they are
  --minutes N   the long form instead of rounds: one cluster under steady load, with random faults
  --load X      part of what the cluster can do that is offered then; default 0.7
`;

/** @throws Error with a sentence about what is wrong with the arguments */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      rounds: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      replicas: { type: "string", default: "2" },
      seconds: { type: "string", default: "12" },
      faults: { type: "string", default: "6" },
      rate: { type: "string", default: "25" },
      nats: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      minutes: { type: "string" },
      load: { type: "string", default: "0.7" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    replicas: positive("--replicas", values.replicas),
    seed: positive("--seed", values.seed),
    rounds: positive("--rounds", values.rounds),
    roundSeconds: positive("--seconds", values.seconds),
    faults: positive("--faults", values.faults),
    perSecond: positive("--rate", values.rate),
    keepsAll: values.keep,
    hasNats: values.nats,
    minutes: values.minutes === undefined ? undefined : positive("--minutes", values.minutes),
    load: positive("--load", values.load),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} is '${text}': it must be a number above 0`);
  return value;
}
