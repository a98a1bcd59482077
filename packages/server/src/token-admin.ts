import type { Uuid } from "@helve/core";
import { newSigningKey, readSigningKey } from "./auth/signing-key.ts";
import { createTokens, type NewToken } from "./auth/tokens.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";
import { publicAddresses } from "./public-addresses.ts";
import type { Storage } from "./serve.ts";

/** A token as it is stored: all but the token itself. */
export interface StoredToken {
  id: Uuid;
  name: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

/** Works on the tokens of the default tenant, in the database, whether or not an engine runs beside. */
export interface TokenAdmin {
  create(token: Omit<NewToken, "tenantId">): Promise<{ id: Uuid; token: string; expiresAt: Date }>;
  /** The newest first. */
  list(): Promise<StoredToken[]>;
  /** @returns whether there was one that was not revoked */
  revoke(id: Uuid): Promise<boolean>;
  /** Gives the database back, and ends it if it was started for this. */
  close(): Promise<void>;
}

/** What is done with stored tokens beside making them. */
export interface TokenRows {
  list(): Promise<StoredToken[]>;
  revoke(id: Uuid): Promise<boolean>;
}

/** The addresses that go into tokens are those of the configuration: nothing listens here. */
export async function tokenAdminOn(
  storage: Storage,
  rows: TokenRows,
  config: Config,
  closers: Closers,
): Promise<TokenAdmin> {
  const { tenantId, tokens: store } = storage;
  const key = await readSigningKey(await storage.signingKey(await newSigningKey()));
  const tokens = createTokens(key, store, () => publicAddresses(config, config));
  return {
    create: (token) => tokens.mint({ ...token, tenantId }),
    ...rows,
    close: () => closers.close(),
  };
}
