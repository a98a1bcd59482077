import { newId, type TenantId } from "@helve/core";
// biome-ignore lint/style/noRestrictedImports: what main.ts wires, wired for tests
import { type Database, getValidToken, insertApiToken, putSigningKey, putTenant, revokeApiToken } from "@helve/store";
import { newSigningKey, readSigningKey } from "../auth/signing-key.ts";
import { createTokens, type TokenStore, type Tokens } from "../auth/tokens.ts";

/** Tokens of one installation, good ones and others. */
export interface TokensOfAllKinds {
  /** Of the tenant, by scope. */
  worker: string;
  trigger: string;
  read: string;
  /** Of another tenant, and for all there. */
  otherTenant: string;
  /** What lets nobody in; undefined: no token. */
  bad: Readonly<Record<"none" | "malformed" | "expired" | "revoked" | "foreign", string | undefined>>;
}

export async function tokensOfAllKinds(db: Database, tenantId: TenantId): Promise<TokensOfAllKinds> {
  const own = await ownTokens(db);
  const foreign = createTokens(await readSigningKey(await newSigningKey()), storeOf(db), () => ADDRESSES);
  const other = await putTenant(db, { id: newId(), name: "Other", slug: "other" });
  const scoped = async (scope: "worker" | "trigger" | "read") =>
    (await own.mint({ tenantId, name: scope, scope })).token;
  const revoked = await own.mint({ tenantId, name: "revoked" });
  await revokeApiToken(db, revoked.id, tenantId);
  return {
    worker: await scoped("worker"),
    trigger: await scoped("trigger"),
    read: await scoped("read"),
    otherTenant: (await own.mint({ tenantId: other.id, name: "other" })).token,
    bad: {
      none: undefined,
      malformed: "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
      expired: (await own.mint({ tenantId, name: "expired", expiresInMs: -1_000 })).token,
      revoked: revoked.token,
      foreign: (await foreign.mint({ tenantId, name: "foreign" })).token,
    },
  };
}

/** Makes tokens as the server on this database does. */
export async function ownTokens(db: Database): Promise<Tokens> {
  return createTokens(
    await readSigningKey(await putSigningKey(db, await newSigningKey())),
    storeOf(db),
    () => ADDRESSES,
  );
}

const ADDRESSES = { grpcAddress: "127.0.0.1:1", serverUrl: "http://127.0.0.1:2" };

function storeOf(db: Database): TokenStore {
  return {
    insertToken: (token) => insertApiToken(db, token),
    isValid: async (token) => (await getValidToken(db, token)) !== undefined,
    revoke: ({ id, tenantId }) => revokeApiToken(db, id, tenantId),
  };
}
