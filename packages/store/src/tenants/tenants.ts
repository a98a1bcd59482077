import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

export interface TenantRow {
  id: Uuid;
  name: string;
  slug: string;
  createdAt: Date;
}

const PUT_TENANT: Statement = {
  name: "put_tenant",
  text: /* sql */ `
  insert into tenant (id, name, slug) values ($1, $2, $3)
  on conflict on constraint tenant_slug_is_taken do update set slug = excluded.slug
  returning id, name, slug, created_at as "createdAt"`,
};

/** The tenant with this slug, made if there is none. */
export async function putTenant(db: Db, tenant: { id: Uuid; name: string; slug: string }): Promise<TenantRow> {
  return (await db.query<TenantRow>(PUT_TENANT, [tenant.id, tenant.name, tenant.slug]))[0] as TenantRow;
}

const GET_TENANT: Statement = {
  name: "get_tenant",
  text: `select id, name, slug, created_at as "createdAt" from tenant where id = $1`,
};

export async function getTenant(db: Db, id: Uuid): Promise<TenantRow | undefined> {
  return (await db.query<TenantRow>(GET_TENANT, [id]))[0];
}
