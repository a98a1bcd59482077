import { DONE, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import type { Options, Values } from "./options.ts";
import { parse } from "./parse.ts";

/** One command of `helve`: free of the process, so that it can be tried out. */
export interface Command {
  /** @returns the exit code @throws UsageError, CommandError */
  run(args: readonly string[], io: Io): Promise<number>;
}

export interface CommandSpec<Given extends Options> {
  /** `trigger NAME [JSON]` */
  usage: string;
  /** What it does, in a sentence or a few; the first paragraph of its help. */
  about: string;
  options: Given;
  /** How many operands it takes. */
  operands: { min: number; max: number };
  /** Command lines that show what it is for. */
  examples?: readonly string[];
  run(given: { values: Values<Given>; operands: readonly string[]; io: Io }): Promise<number>;
}

/** Makes a command that answers `--help`, counts its operands, and reads its flags. */
export function command<const Given extends Options>(spec: CommandSpec<Given>): Command {
  return {
    async run(args, io) {
      if (asksForHelp(args)) {
        io.out.write(helpOf(spec));
        return DONE;
      }
      const { values, operands } = parse(args, spec.options);
      const { min, max } = spec.operands;
      if (operands.length < min) throw new UsageError(`something is missing: helve ${spec.usage}`);
      if (operands.length > max) throw new UsageError(`'${operands[max]}' is one too many: helve ${spec.usage}`);
      return spec.run({ values, operands, io });
    },
  };
}

/** Whether `--help` or `-h` stands among the flags. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end === -1 ? args : args.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

function helpOf({ usage, about, options, examples = [] }: CommandSpec<Options>): string {
  const flags = Object.entries({ ...options, help: { help: "show this" } } as Options).map(
    ([name, { value, help }]) => [value ? `--${name} ${value}` : `--${name}`, help] as const,
  );
  const width = Math.max(...flags.map(([flag]) => flag.length));
  const lines = [
    `helve ${usage}`,
    "",
    about,
    "",
    "Flags",
    ...flags.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
    ...(examples.length > 0 ? ["", "Examples", ...examples.map((example) => `  ${example}`)] : []),
  ];
  return `${lines.join("\n")}\n`;
}
