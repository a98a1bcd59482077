import type pg from "pg";

/** Something of a schema: what it is, and everything about it in words. */
export interface CatalogEntry {
  readonly kind: "table" | "column" | "constraint" | "index" | "function" | "type" | "sequence" | "trigger";
  /** The table that it belongs to; of a table, function, type or sequence its own name. */
  readonly owner: string;
  readonly definition: string;
  /** Of a constraint: its columns. */
  readonly columns: readonly string[] | null;
}

/** Partitions come and go with the weeks. */
const LASTING = "n.nspname = 'public' and not c.relispartition";

const QUERY = /* sql */ `
  select 'table' as kind, c.relname as owner, c.relkind::text || coalesce(' ' || c.reloptions::text, '') as definition,
         null::text[] as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where ${LASTING} and c.relkind in ('r', 'p', 'v')
  union all
  select 'column', c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
         case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, '')), null
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where ${LASTING} and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped
  union all
  select 'constraint', c.relname, k.conname || ' ' || pg_get_constraintdef(k.oid),
         (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey))
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where ${LASTING} and k.contype <> 'n'
  union all
  select 'index', c.relname, pg_get_indexdef(i.indexrelid), null
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
   where ${LASTING}
  union all
  select 'trigger', c.relname, pg_get_triggerdef(t.oid), null
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
   where ${LASTING} and not t.tgisinternal
  union all
  select 'sequence', c.relname, s.data_type::text || ' ' || s.increment_by || ' ' || s.cache_size, null
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
   where ${LASTING} and c.relkind = 'S'
  union all
  select 'function', p.proname, pg_get_functiondef(p.oid), null
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname = 'public'
  union all
  select 'type', t.typname, (select string_agg(e.enumlabel, ' ' order by e.enumsortorder) from pg_enum e
                              where e.enumtypid = t.oid), null
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
   where n.nspname = 'public' and t.typtype = 'e'
  order by 1, 2, 3`;

/** The schema of a database, in an order that depends on nothing but the schema. */
export async function readCatalog(client: pg.Client): Promise<CatalogEntry[]> {
  return (await client.query<CatalogEntry>(QUERY)).rows;
}

/**
 * What stands between statements written for one schema and another: whatever is gone or different, and whatever is new and
 * could refuse a row that they write.
 *
 * A new table, function or sequence is in nobody's way, nor is a column that may be left out, an index that does not ask for
 * uniqueness, or a constraint on new columns alone.
 *
 * @returns in words; empty: every statement that was good is good still
 */
export function obstaclesBetween(before: readonly CatalogEntry[], after: readonly CatalogEntry[]): string[] {
  const key = ({ kind, owner, definition }: CatalogEntry) => `${kind} of ${owner}: ${definition}`;
  const [old, present] = [new Set(before.map(key)), new Set(after.map(key))];
  const gone = before.filter((entry) => !present.has(key(entry))).map((entry) => `gone or changed: ${key(entry)}`);
  const tables = new Set(before.filter(({ kind }) => kind === "table").map(({ owner }) => owner));
  const nameOf = ({ owner, definition }: CatalogEntry) => `${owner}.${definition.split(" ")[0]}`;
  const columns = new Set(before.filter(({ kind }) => kind === "column").map(nameOf));
  const inTheWay = after.filter((entry) => {
    if (old.has(key(entry)) || !tables.has(entry.owner)) return false;
    if (entry.kind === "column") return /not null(?!.* default)/.test(entry.definition);
    if (entry.kind === "constraint") {
      return entry.columns?.some((column) => columns.has(`${entry.owner}.${column}`)) ?? true;
    }
    return entry.kind === "trigger" || (entry.kind === "index" && entry.definition.startsWith("CREATE UNIQUE"));
  });
  return [...gone, ...inTheWay.map((entry) => `new: ${key(entry)}`)];
}
