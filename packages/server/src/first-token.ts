import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TenantId } from "@helve/core";
import type { PublicAddresses, Tokens } from "./auth/tokens.ts";
import { writePrivateFile } from "./private-file.ts";

export interface FirstTokenDeps {
  tokens: Tokens;
  tenantId: TenantId;
  addresses: PublicAddresses;
  /** Undefined: there is no place to keep it, and each start makes a new one. */
  dataDir: string | undefined;
}

/**
 * The token that a fresh installation starts with. It is kept in the data folder and stays the same from start to start,
 * as long as it is good and the addresses in it are those of this start: clients dial what stands in their token.
 */
export async function firstToken({ tokens, tenantId, addresses, dataDir }: FirstTokenDeps): Promise<string> {
  const file = dataDir === undefined ? undefined : join(dataDir, "token");
  const kept = file === undefined ? undefined : await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined && (await isGood(kept.trim(), { tokens, tenantId, addresses }))) return kept.trim();
  const { token } = await tokens.mint({ tenantId, name: "first token" });
  if (file !== undefined) await writePrivateFile(file, `${token}\n`);
  return token;
}

async function isGood(
  token: string,
  { tokens, tenantId, addresses }: Omit<FirstTokenDeps, "dataDir">,
): Promise<boolean> {
  const claims = await tokens.inspect(token);
  return (
    claims?.tenantId === tenantId &&
    claims.grpcAddress === addresses.grpcAddress &&
    claims.serverUrl === addresses.serverUrl
  );
}
