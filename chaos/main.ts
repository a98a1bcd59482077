import { inspect } from "node:util";
import type { Sample } from "./checks/sampler.ts";
import { playLong } from "./long.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { playRound, type RoundResult } from "./round.ts";
import { openClusters } from "./stage/cluster.ts";
import { describeAll, describeLong, describeRound, describeSample, SAMPLE_HEADER } from "./summary.ts";

const results: RoundResult[] = [];

// Ends what was started and says what was found until then; the data of the round is left where it is.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    if (results.length > 0) say(describeAll(results));
    void Promise.allSettled([...openClusters].map((cluster) => cluster.close())).then(() => process.exit(130));
  });
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") return say(USAGE);
  return options.minutes === undefined ? playRounds(options) : playMinutes(options, options.minutes);
}

async function playMinutes({ seed, replicas, hasNats, load }: Options, minutes: number): Promise<number> {
  say(SAMPLE_HEADER);
  const onSample = (sample: Sample) => void say(describeSample(sample));
  const result = await playLong({ seed, replicas, hasNats, minutes, load, onSample });
  say(describeLong(result));
  return result.violations.length > 0 ? 1 : 0;
}

async function playRounds(options: Options): Promise<number> {
  const { replicas, rounds, seed, roundSeconds, faults, perSecond, keepsAll, hasNats } = options;
  for (let n = 0; n < rounds; n++) {
    const round = { seed: seed + n, replicas, durationMs: roundSeconds * 1000, faults, perSecond, keepsAll, hasNats };
    try {
      const result = await playRound(round);
      results.push(result);
      say(describeRound(result));
    } catch (error) {
      say(`seed ${round.seed}: ${inspect(error)}`);
    }
  }
  say(describeAll(results));
  const isWell = results.length === rounds && results.every(({ violations }) => violations.length === 0);
  return isWell ? 0 : 1;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
