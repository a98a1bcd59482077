/** What the embedded database says about its life; pino and the console fit. */
export interface StartLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const SILENT: StartLogger = { info() {}, warn() {}, error() {} };
