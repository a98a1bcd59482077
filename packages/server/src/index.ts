export { SCOPES, type Scope } from "./auth/scopes.ts";
export { type CertificateFolder, openCertificateFolder, type PairFiles } from "./certificates/certificate-folder.ts";
export { type Config, type LogLevel, readConfig } from "./config.ts";
export { migrateDatabase, openTokenAdmin, type ServeOptions, serve } from "./main.ts";
export { describeOptions } from "./options.ts";
export { explainFailure, runUntilSignal } from "./process.ts";
export type { Running } from "./serve.ts";
export type { StoredToken, TokenAdmin } from "./token-admin.ts";
