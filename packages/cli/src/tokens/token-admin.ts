import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Server, TokenAdmin } from "../commands/serve.ts";
import { dataDirs } from "../engine/data-dirs.ts";
import { readClaims } from "../engine/token-claims.ts";
import { CommandError, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { runningDatabaseUrl } from "../supervisor/local-database.ts";

/**
 * Opens the database that tokens are kept in. Beside an engine with an embedded database it is that engine's; where none
 * runs, the embedded database is started for the time being.
 *
 * Addresses go into a token when it is made. They are those in the token that the engine has left in its data folder, unless
 * the environment says otherwise.
 */
export async function openTokenAdmin(
  server: Server,
  place: { "data-dir": string | undefined; "database-url": string | undefined },
  io: Io,
): Promise<TokenAdmin> {
  const databaseUrl = place["database-url"] ?? (place["data-dir"] === undefined ? io.env.DATABASE_URL : undefined);
  const found = await findDataDir(io, place["data-dir"]);
  const running = databaseUrl || runningDatabaseUrl(found.dataDir);
  const flags = [
    ...["--data-dir", found.dataDir, "--log-level", "error"],
    ...(running ? ["--database-url", running] : []),
    ...addressFlags(found.token, io),
  ];
  return server.openTokenAdmin(read(() => server.readConfig(flags, withoutDatabase(io.env))));
}

/** The flags say which database it is, or that it is the embedded one. */
function withoutDatabase(env: Io["env"]): Record<string, string | undefined> {
  return { ...env, DATABASE_URL: undefined, HELVE_DATA_DIR: undefined, HELVE_READY_FILE: undefined };
}

async function findDataDir(io: Io, given: string | undefined): Promise<{ dataDir: string; token: string | undefined }> {
  const folders = dataDirs(io.env, given);
  for (const dataDir of folders) {
    const token = await readFile(join(dataDir, "token"), "utf8").catch(() => undefined);
    if (token !== undefined) return { dataDir, token: token.trim() };
  }
  return { dataDir: folders[0] as string, token: undefined };
}

function addressFlags(token: string | undefined, { env }: Io): string[] {
  if (token === undefined) return [];
  const { grpc_broadcast_address, server_url } = readClaims(token, "the data folder");
  return [
    ...(grpc_broadcast_address && !env.HELVE_PUBLIC_GRPC_ADDRESS
      ? ["--public-grpc-address", grpc_broadcast_address]
      : []),
    ...(server_url && !env.HELVE_PUBLIC_URL ? ["--public-url", server_url] : []),
  ];
}

function read<Result>(readConfig: () => Result): Result {
  try {
    return readConfig();
  } catch (error) {
    if ((error as { code?: string }).code === "invalid_argument") throw new UsageError((error as Error).message);
    throw new CommandError((error as Error).message);
  }
}
