/**
 * The URL of a database as the driver is to read it: `sslmode` means what it means to every program of Postgres, by libpq.
 * Without being told so the driver takes `require`, `verify-ca` and `verify-full` for one and the same, and says on standard
 * error that it will not for ever.
 *
 *   require      encrypted, with whoever answers; with `sslrootcert` as verify-ca
 *   verify-ca    the server's certificate is signed by `sslrootcert`
 *   verify-full  and is for the host that is dialled
 *
 * Files are read anew for each connection.
 */
export function connectionString(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  const { searchParams } = parsed;
  if (!searchParams.has("sslmode") || searchParams.has("uselibpqcompat")) return url;
  searchParams.set("uselibpqcompat", "true");
  return parsed.href;
}
