/**
 * The SDK under test: Hatchet's published one or, with `--ours` on the command line, that of this repository. Both have
 * the same words, so one program is written for both, and typed by the published one.
 */
import type * as Published from "@hatchet-dev/typescript-sdk/v1/index.js";

// biome-ignore lint/style/noRestrictedImports: our SDK is a client here like any other
const ours = (): Promise<unknown> => import("@helve/sdk");

const sdk = process.argv.includes("--ours")
  ? ((await ours()) as typeof Published)
  : await import("@hatchet-dev/typescript-sdk/v1/index.js");

export const HatchetClient: typeof Published.HatchetClient = sdk.HatchetClient;
export const NonRetryableError: typeof Published.NonRetryableError = sdk.NonRetryableError;
