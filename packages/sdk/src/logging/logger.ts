/** What a log line may carry beside its message. */
export type LogExtra = Record<string, unknown>;

/** From which level on lines are written. */
export type LogLevel = "OFF" | "DEBUG" | "INFO" | "WARN" | "ERROR";

/** Where this SDK and the tasks of a worker write their lines. Any object with these methods will do. */
export interface Logger {
  debug(message: string, extra?: LogExtra): void | Promise<void>;
  info(message: string, extra?: LogExtra): void | Promise<void>;
  /** An info line that brings good news. */
  green(message: string, extra?: LogExtra): void | Promise<void>;
  warn(message: string, error?: Error, extra?: LogExtra): void | Promise<void>;
  error(message: string, error?: Error, extra?: LogExtra): void | Promise<void>;
  util?(key: string, message: string, extra?: LogExtra): void | Promise<void>;
}

/** Makes the logger of one part of the program; `context` names the part. */
export type LogConstructor = (context: string, logLevel?: LogLevel) => Logger;

const SEVERITY: Readonly<Record<LogLevel, number>> = { DEBUG: 0, INFO: 1, WARN: 2, ERROR: 3, OFF: 4 };

/**
 * Writes lines to the console, errors and warnings to stderr.
 *
 * @param logLevel @default "INFO"
 */
export const consoleLogger: LogConstructor = (context, logLevel = "INFO") => {
  const write = (level: Exclude<LogLevel, "OFF">, to: (line: string) => void, message: string, error?: Error): void => {
    if (SEVERITY[level] < SEVERITY[logLevel]) return;
    const cause = error === undefined ? "" : `: ${error.stack ?? error.message}`;
    to(`${new Date().toISOString()} ${level.padEnd(5)} ${context} | ${message}${cause}`);
  };
  return {
    debug: (message) => write("DEBUG", console.debug, message),
    info: (message) => write("INFO", console.info, message),
    green: (message) => write("INFO", console.info, message),
    warn: (message, error) => write("WARN", console.warn, message, error),
    error: (message, error) => write("ERROR", console.error, message, error),
    util: (key, message) => write("INFO", console.info, `${key}: ${message}`),
  };
};
