import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** A build with one migration more than this one. */
export interface NextBuild {
  /** The server's program. */
  readonly main: string;
  /** Name of the migration that it has more. */
  readonly migration: string;
  /** Runs its `helve` to the end. @throws when that fails */
  helve(args: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Copies the sources of this build and adds a migration: what will be the next version to this one.
 *
 * @param number of the migration @param back takes it back
 */
export async function makeNextBuild(number: number, sql: string, back: string): Promise<NextBuild> {
  const folder = await mkdtemp(join(tmpdir(), "helve-next-build-"));
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "@helve"), { recursive: true });
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (name !== "@helve" && name !== "helve") await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
  for (const name of await readdir(join(ROOT, "packages"))) {
    await cp(join(ROOT, "packages", name), join(folder, "packages", name), {
      recursive: true,
      filter: (path) => !["dist", "node_modules"].includes(basename(path)) && !path.endsWith(".test.ts"),
    });
    await symlink(join(folder, "packages", name), join(modules, name === "cli" ? "helve" : `@helve/${name}`));
  }
  const migration = `${String(number).padStart(4, "0")}_next.sql`;
  const migrations = join(folder, "packages/store/migrations");
  await writeFile(join(migrations, migration), sql);
  await writeFile(join(migrations, "back", migration), back);
  return {
    main: join(folder, "packages/server/src/main.ts"),
    migration,
    async helve(args) {
      const program = join(folder, "packages/cli/src/main.ts");
      await promisify(execFile)(process.execPath, ["--conditions=source", "--import", "tsx", program, ...args]);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
