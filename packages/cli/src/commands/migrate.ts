import { type Command, command } from "../arguments/command.ts";
import { DONE, UsageError } from "../exit-codes.ts";
import { loadServer, readServerFlags } from "./serve.ts";

/** `helve migrate` */
export const migrate: Command = command({
  usage: "migrate [--to NUMBER]",
  about:
    "Brings a database to the schema of this version, which an engine also does when it starts. With --to it ends at that\n" +
    "migration and takes later ones back; no engine that needs those may run then. The guide on running has more.",
  options: {
    to: { value: "NUMBER", help: "the last migration to be there, such as 3; default: the last of this version" },
    "database-url": { value: "URL", help: "your own PostgreSQL (DATABASE_URL)" },
    "data-dir": { value: "FOLDER", help: "data folder with an embedded database that no engine has (HELVE_DATA_DIR)" },
  },
  operands: { min: 0, max: 0 },
  examples: ["helve migrate --database-url postgresql://helve@db/helve", "helve migrate --to 3"],
  async run({ values, io }) {
    const { to, "database-url": databaseUrl, "data-dir": dataDir } = values;
    if (to !== undefined && !/^\d+$/.test(to)) throw new UsageError(`--to is '${to}': it must be a number`);
    const server = await loadServer();
    const flags = Object.entries({ "database-url": databaseUrl, "data-dir": dataDir }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    const config = readServerFlags(() => server.readConfig(flags, { ...io.env }));
    await server.migrateDatabase(config, to === undefined ? undefined : Number(to));
    io.out.write(
      to === undefined ? "The database has the schema of this version.\n" : `The database is at ${Number(to)}.\n`,
    );
    return DONE;
  },
});
