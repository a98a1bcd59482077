import { readOptions, USAGE } from "./options.ts";
import { playRound, type RoundResult } from "./round.ts";
import { openClusters } from "./stage/cluster.ts";
import { describeAll, describeRound } from "./summary.ts";

// Ends what was started; the data of the round is left where it is.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.allSettled([...openClusters].map((cluster) => cluster.close())).then(() => process.exit(130));
  });
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") return say(USAGE);
  const { replicas, rounds, seed, roundSeconds, faults, perSecond } = options;
  const results: RoundResult[] = [];
  for (let n = 0; n < rounds; n++) {
    const round = { seed: seed + n, replicas, durationMs: roundSeconds * 1000, faults, perSecond };
    const result = await playRound(round);
    results.push(result);
    say(describeRound(result));
  }
  say(describeAll(results));
  return results.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
