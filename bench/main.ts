import { Lab } from "./lab/lab.ts";
import { conditions, load } from "./lab/machine.ts";
import { type Options, readOptions, USAGE } from "./lab/options.ts";
import { untilQuiet, watchOtherLoad } from "./lab/other-load.ts";
import { publish } from "./lab/publish.ts";
import { type Results, type SectionResults, writeResults } from "./lab/results.ts";
import { renderFigures } from "./lab/table.ts";
import { SECTIONS } from "./sections/index.ts";
import type { Section } from "./sections/section.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") return say(USAGE);
  if (options === "list") return say(SECTIONS.map(({ name, title }) => `${name.padEnd(12)} ${title}`).join("\n"));
  if (options.publish !== undefined) {
    await publish(options.publish);
    return say(`docs/reference/performance.md has the figures of ${options.publish}`);
  }
  const sections = chooseSections(options);
  const lab = await Lab.open(options);
  // Ends what was started. On Ctrl-C the processes hear it themselves as well, as they are in the same group.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void lab.close().finally(() => process.exit(130)));
  }
  try {
    const results: Results = { conditions: await conditions(lab.postgres), sections: [] };
    say(describe(results.conditions));
    for (const section of sections) results.sections.push(await runSection(section, lab));
    results.conditions.loadAfter = load();
    if (options.isKept) say(`\nwritten to ${await writeResults(results)}`);
    return results.sections.some((section) => section.failure !== undefined) ? 1 : 0;
  } finally {
    await lab.close();
  }
}

function chooseSections({ only, isLong }: Options): Section[] {
  const unknown = only.filter((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown.length > 0) throw new Error(`no section ${unknown.join(", ")}; --list names them`);
  if (only.length > 0) return SECTIONS.filter(({ name }) => only.includes(name));
  return SECTIONS.filter(({ isQuick }) => isQuick || isLong);
}

/** A section that fails does not take the others with it. */
async function runSection(section: Section, lab: Lab): Promise<SectionResults> {
  const { name, title } = section;
  if (!(await untilQuiet(lab.options.quietMs)) && lab.options.quietMs > 0) say("\n(the machine did not become quiet)");
  say(`\n${name}: ${title}`);
  const startedAt = performance.now();
  const others = watchOtherLoad(lab.postgres.pid);
  const conditions = () => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { name, title, seconds, othersPercent: others.percent() };
  };
  try {
    const figures = await section.run(lab);
    const results = { ...conditions(), figures };
    say(renderFigures(figures));
    say(`  ${results.seconds} s, in which other processes used ${results.othersPercent} % of the machine`);
    return results;
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`  failed: ${failure}`);
    return { ...conditions(), figures: [], failure };
  } finally {
    await lab.clear();
  }
}

function describe({ processor, cores, memoryGiB, node, postgres, commit, ourPackages }: Results["conditions"]): string {
  const { server_version: version, fsync, synchronous_commit: commits } = postgres;
  return (
    `${processor}, ${cores} cores, ${memoryGiB} GiB; Node ${node}, PostgreSQL ${version} ` +
    `(fsync ${fsync}, synchronous_commit ${commits}); commit ${commit}, our packages ${ourPackages}`
  );
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
