/** The one user of the embedded database. */
export const SUPERUSER = "helve";
/** The one database that Helve uses in it. */
export const DATABASE = "helve";

/** The path of a Unix socket may have 107 bytes on Linux and 103 on macOS; see unix(7). */
const MAX_SOCKET_PATH_BYTES = 100;

/** Where a Postgres listens: always on 127.0.0.1, and on a Unix socket when there is a folder for it. */
export interface ServerAddress {
  readonly port: number;
  readonly socketDir: string | undefined;
}

/**
 * The URL of a database of that server, through the socket where there is one: it saves a tenth of a short statement.
 * Drivers that do not know the `host` parameter reach the same server by TCP.
 */
export function databaseUrl({ port, socketDir }: ServerAddress, password: string, database: string = DATABASE): string {
  const url = new URL(`postgresql://127.0.0.1:${port}/${encodeURIComponent(database)}`);
  url.username = SUPERUSER;
  url.password = password;
  // Encryption is not built into what we ship for, and PGSSLMODE in the environment must not ask for it.
  url.searchParams.set("sslmode", "disable");
  if (socketDir !== undefined) url.searchParams.set("host", socketDir);
  return url.href;
}

/** Whether the socket of any port would have a path short enough in that folder. */
export function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.65535`) < MAX_SOCKET_PATH_BYTES;
}
