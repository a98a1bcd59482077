import { parseArgs } from "node:util";
import { UsageError } from "../exit-codes.ts";
import type { Options, Values } from "./options.ts";

/**
 * Reads flags and what stands between them. `--` ends the flags; `-` alone is no flag.
 *
 * @throws UsageError naming the flag and what is allowed
 */
export function parse<Given extends Options>(
  args: readonly string[],
  options: Given,
): { values: Values<Given>; operands: string[] } {
  const wanted = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [name, { type: value ? "string" : "boolean" } as const]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: wanted,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind === "option") values[token.name] = checked(token, options);
  }
  for (const [name, { value }] of Object.entries(options)) if (value === undefined) values[name] ??= false;
  return { values: values as Values<Given>, operands };
}

function checked(
  { name, rawName, value }: { name: string; rawName: string; value?: string | undefined },
  options: Options,
): string | boolean {
  const option = options[name];
  if (!option) throw new UsageError(`there is no flag ${rawName}; flags are ${flagsOf(options)}`);
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value, and got '${value}'`);
    return true;
  }
  // A value that looks like a flag is nearly always a value that was forgotten; one that is meant is written with "=".
  if (value === undefined || value === "") throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`);
  return value;
}

function flagsOf(options: Options): string {
  return [...Object.keys(options), "help"].map((name) => `--${name}`).join(", ");
}

/** A whole number within bounds. @throws UsageError */
export function wholeNumber(text: string | undefined, name: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < min || number > max) {
    throw new UsageError(`${name} is '${text}': it must be a whole number from ${min} to ${max}`);
  }
  return number;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  y: 31_536_000_000,
};

/** A span of time such as 90s, 15m, 12h, 30d or 1y, in ms. @throws UsageError */
export function timeSpan(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,9})([smhdy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  if (!(ms > 0))
    throw new UsageError(`${name} is '${text}': it must be a number and a unit, such as 90s, 15m, 12h or 30d`);
  return ms;
}
