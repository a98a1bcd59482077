export { chooseDataDir } from "./data-folder.ts";
export type { PostgresSettings } from "./settings.ts";
export { DEFAULT_SETTINGS } from "./settings.ts";
export type { StartLogger } from "./start-logger.ts";
export { type EmbeddedPostgres, type StartOptions, startPostgres } from "./start-postgres.ts";
