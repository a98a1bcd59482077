import pino, { type Logger, type LoggerOptions } from "pino";
import type { LogLevel } from "./config.ts";

/**
 * The log, on standard error: one JSON object a line with `level` as a word, `time` in ISO 8601 and `msg`; what a line is
 * about stands in fields whose names are the same everywhere; docs/guides/monitoring.md lists them, and a test looks that no
 * token and nothing that users wrote gets in. On a terminal the lines are short ones for people.
 */
export function createLog(level: LogLevel, isTerminal: boolean = process.stderr.isTTY): Logger {
  const options: LoggerOptions = {
    level,
    // Without process and host: who collects lines adds where they come from.
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Written at once: what a process has to say before it dies is what one wants to read.
  if (!isTerminal) return pino(options, pino.destination({ fd: STANDARD_ERROR, sync: true }));
  return pino(options, { write: (line: string) => void process.stderr.write(forPeople(line)) });
}

const STANDARD_ERROR = 2;

/** Of entries `key:value`, the keys: values may be anything and do not belong in a log. */
export function metadataKeys(entries: readonly string[] | null | undefined): string[] | undefined {
  return entries?.map((entry) => entry.split(":", 1)[0] as string);
}

/** A line of the log without the ceremony: time of day, level unless it is the usual one, message, fields. */
export function forPeople(line: string): string {
  const { level, time, msg = "", err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const { stack, message } = (err ?? {}) as { stack?: string; message?: string };
  const parts = [
    String(time).slice(11, 23),
    ...(level === "info" ? [] : [String(level).toUpperCase()]),
    String(msg),
    ...Object.entries(fields).map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
    ...(err === undefined ? [] : [level === "warn" ? `(${message})` : `\n${stack ?? message}`]),
  ];
  return `${parts.join(" ")}\n`;
}
