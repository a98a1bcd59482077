import { readdir, readFile } from "node:fs/promises";

/** A step from one version of the schema to the next. */
export interface Migration {
  /** Of its file, which begins with its number. */
  readonly name: string;
  /** The version of the schema after it, from 1. */
  readonly number: number;
  readonly sql: string;
  /** Takes it back; undefined for the first, before which there is nothing. */
  readonly back: string | undefined;
  /** What stands in its head. */
  readonly head: MigrationHead;
}

/**
 * What a migration says of itself in the comment that it begins with, a line each:
 *
 *     -- Locks: task_run, workflow against writers while …    or: nothing …
 *     -- Beside: engines from 0003 on, which …                not in the first
 *     -- Back: what is lost.                                  not in the first
 */
export interface MigrationHead {
  /** Tables that exist before and that it locks against writers or readers; undefined: it does not say. */
  readonly locks: readonly string[] | undefined;
  /** For how long, and why no longer. */
  readonly lockedFor: string;
  /** Engines whose last migration is this one or a later one may go on beside it; its own number: none before it. */
  readonly enginesFrom: number;
  /** What the way back costs; undefined: it does not say. */
  readonly lost: string | undefined;
}

const MIGRATIONS = new URL("../migrations/", import.meta.url);

/** The migrations of this build, in order: `migrations/NNNN_name.sql`, and the way back under that name in `back/`. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
  const backs = new Set(await readdir(new URL("back/", MIGRATIONS)));
  return Promise.all(
    names.map(async (name) => {
      const number = Number(name.slice(0, 4));
      const sql = await readFile(new URL(name, MIGRATIONS), "utf8");
      const back = backs.has(name) ? await readFile(new URL(`back/${name}`, MIGRATIONS), "utf8") : undefined;
      return { name, number, sql, back, head: readHead(sql, number) };
    }),
  );
}

/** Reads the head of a migration's text. What is not there is undefined, or the answer that is safe. */
export function readHead(sql: string, number: number): MigrationHead {
  const [head = ""] = /^(--.*\n)+/.exec(sql) ?? [];
  const [, locks, lockedFor = ""] = /^-- Locks: (nothing|\w+(?:, \w+)*) (.+)/m.exec(head) ?? [];
  const [, enginesFrom] = /^-- Beside: engines from (\d{4}) on/m.exec(head) ?? [];
  const [, lost] = /^-- Back: (.+)/m.exec(head) ?? [];
  return {
    locks: locks === "nothing" ? [] : locks?.split(", "),
    lockedFor,
    enginesFrom: enginesFrom === undefined ? number : Number(enginesFrom),
    lost,
  };
}
