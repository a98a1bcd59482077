import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ClientTLSConfig, resolveTls } from "@helve/sdk/http";
import { CommandError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { dataDirs } from "./data-dirs.ts";
import { readClaims } from "./token-claims.ts";

/** What it takes to speak to an engine. */
export interface EngineAddress {
  readonly token: string;
  readonly tenantId: string;
  /** Base of the HTTP side, without a slash at the end. */
  readonly apiUrl: string;
  /** Where the token came from, for messages. */
  readonly source: string;
  /** Which authority is trusted and which certificate is shown, where the address is https. @default as `fetch` does it */
  readonly tls?: ClientTLSConfig;
}

export interface Wishes {
  readonly token?: string | undefined;
  readonly "api-url"?: string | undefined;
  readonly "data-dir"?: string | undefined;
}

/**
 * Finds the engine to speak to: by flags, else by the variables that clients read, else by the token in the data folder of
 * the engine on this machine. The addresses stand in the token.
 *
 * @throws CommandError saying how to name one
 */
export async function findEngine(wishes: Wishes, env: Io["env"]): Promise<EngineAddress> {
  const { token, source } = await findToken(wishes, env);
  const claims = readClaims(token, source);
  const apiUrl = wishes["api-url"] ?? variable(env, "API_URL") ?? variable(env, "SERVER_URL") ?? claims.server_url;
  if (!apiUrl) throw new CommandError("the token names no address; give --api-url");
  if (!URL.canParse(apiUrl)) throw new CommandError(`'${apiUrl}' is no URL; give --api-url http://host:port`);
  return { token, tenantId: claims.sub, apiUrl: apiUrl.replace(/\/+$/, ""), source, tls: resolveTls({}, env) };
}

async function findToken(wishes: Wishes, env: Io["env"]): Promise<{ token: string; source: string }> {
  if (wishes.token) return { token: wishes.token, source: "--token" };
  // A folder that is named on the command line is closer than whatever the shell has exported.
  const exported = wishes["data-dir"] === undefined ? variable(env, "TOKEN") : undefined;
  if (exported) return { token: exported, source: "the environment" };
  const folders = dataDirs(env, wishes["data-dir"]);
  for (const folder of folders) {
    const file = join(folder, "token");
    const token = (await readFile(file, "utf8").catch(() => undefined))?.trim();
    if (token) return { token, source: file };
  }
  throw new CommandError(
    `no engine to speak to: there is no token in ${folders[0]}; start one with npm start, or give --token`,
  );
}

/** Programs that come from Hatchet bring the second prefix. */
function variable(env: Io["env"], name: string): string | undefined {
  return env[`HELVE_CLIENT_${name}`] || env[`HATCHET_CLIENT_${name}`] || undefined;
}
