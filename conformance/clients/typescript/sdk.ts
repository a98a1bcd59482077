/**
 * The SDK under test: a published one or, with `--ours` on the command line, that of this repository. `--oldest` is the
 * first published one that is supported. All have the same words, so one program is written for them, and typed by the
 * newest published one.
 */
import type * as Published from "@hatchet-dev/typescript-sdk/v1/index.js";

const sdk = await chosen();

function chosen(): Promise<typeof Published> {
  // biome-ignore lint/style/noRestrictedImports: our SDK is a client here like any other
  if (process.argv.includes("--ours")) return import("@helve/sdk") as Promise<unknown> as Promise<typeof Published>;
  if (process.argv.includes("--oldest")) {
    return import("hatchet-sdk-oldest/v1/index.js") as Promise<unknown> as Promise<typeof Published>;
  }
  return import("@hatchet-dev/typescript-sdk/v1/index.js");
}

export const HatchetClient: typeof Published.HatchetClient = sdk.HatchetClient;
export const NonRetryableError: typeof Published.NonRetryableError = sdk.NonRetryableError;
