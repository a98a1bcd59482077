import { SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { newSigningKey, readSigningKey, type SigningKey } from "./signing-key.ts";
import { createTokens, type TokenStore } from "./tokens.ts";

const TENANT = "01a2122e-65a2-7421-9e9b-c1518bd2084b";
const ADDRESSES = { grpcAddress: "helve.example:7070", serverUrl: "https://helve.example" };

let key: SigningKey;
beforeAll(async () => {
  key = await readSigningKey(await newSigningKey());
});

function memoryStore(): TokenStore {
  const valid = new Map<string, string>();
  return {
    insertToken: async ({ id, scope }) => void valid.set(id, scope),
    isValid: async ({ id, scope }) => valid.get(id) === scope,
    revoke: async () => false,
  };
}

function partOf(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[index] as string, "base64url").toString()) as Record<string, unknown>;
}

test("a token says what every client reads from it", async () => {
  const { token, id, expiresAt } = await createTokens(key, memoryStore(), () => ADDRESSES).mint({
    tenantId: TENANT,
    name: "test",
  });

  expect(token).toMatch(/^ey[^.]+\.[^.]+\.[^.]+$/);
  expect(partOf(token, 0)).toEqual({ alg: "ES256", kid: key.id });
  expect(partOf(token, 1)).toEqual({
    sub: TENANT,
    aud: "https://helve.example",
    iss: "https://helve.example",
    server_url: "https://helve.example",
    grpc_broadcast_address: "helve.example:7070",
    token_id: id,
    scope: "admin",
    iat: expect.any(Number),
    exp: Math.floor(expiresAt.getTime() / 1000),
  });
});

test("a token is valid for 90 days unless told otherwise", async () => {
  const tokens = createTokens(key, memoryStore(), () => ADDRESSES);

  const { expiresAt } = await tokens.mint({ tenantId: TENANT, name: "test" });

  expect(expiresAt.getTime() / 86_400_000 - Date.now() / 86_400_000).toBeCloseTo(90, 2);
});

test("tells a token of its own from any other text", async () => {
  const store = memoryStore();
  const tokens = createTokens(key, store, () => ADDRESSES);
  const { token } = await tokens.mint({ tenantId: TENANT, name: "test" });
  const foreignKey = await readSigningKey(await newSigningKey());
  const { token: foreign } = await createTokens(foreignKey, store, () => ADDRESSES).mint({
    tenantId: TENANT,
    name: "x",
  });
  const [header, claims, signature] = token.split(".") as [string, string, string];
  const otherTenant = Buffer.from(JSON.stringify({ ...partOf(token, 1), sub: crypto.randomUUID() })).toString(
    "base64url",
  );

  expect((await tokens.inspect(token))?.tenantId).toBe(TENANT);
  expect(await tokens.inspect(foreign)).toBeUndefined();
  expect(await tokens.inspect(`${header}.${otherTenant}.${signature}`)).toBeUndefined();
  expect(await tokens.inspect(`${header}.${claims}`)).toBeUndefined();
  expect(await tokens.inspect("")).toBeUndefined();
});

test("a token works at other addresses than those it was made for", async () => {
  const store = memoryStore();
  const { token } = await createTokens(key, store, () => ADDRESSES).mint({ tenantId: TENANT, name: "test" });
  const moved = createTokens(key, store, () => ({ grpcAddress: "127.0.0.1:1", serverUrl: "http://127.0.0.1:2" }));

  await expect(moved.authenticate(`bearer ${token}`)).resolves.toMatchObject({ tenantId: TENANT });
});

test("a token that has expired is none", async () => {
  const tokens = createTokens(key, memoryStore(), () => ADDRESSES);
  const { token } = await tokens.mint({ tenantId: TENANT, name: "test", expiresInMs: -1_000 });

  expect(await tokens.inspect(token)).toBeUndefined();
});

test("a token has the scope that it was made for, and is none when that has been changed in the database", async () => {
  const scopes = new Map<string, string>();
  const store: TokenStore = {
    insertToken: async ({ id, scope }) => void scopes.set(id, scope),
    isValid: async ({ id, scope }) => scopes.get(id) === scope,
    revoke: async () => false,
  };
  const tokens = createTokens(key, store, () => ADDRESSES);
  const { id, token } = await tokens.mint({ tenantId: TENANT, name: "test", scope: "read" });

  expect(await tokens.inspect(token)).toMatchObject({ scope: "read" });
  scopes.set(id, "admin");
  expect(await tokens.inspect(token)).toBeUndefined();
});

test("a token from before there were scopes may do all", async () => {
  const store: TokenStore = {
    insertToken: async () => {},
    isValid: async ({ scope }) => scope === "admin",
    revoke: async () => false,
  };
  const id = crypto.randomUUID();
  const text = await new SignJWT({ token_id: id })
    .setProtectedHeader({ alg: "ES256", kid: key.id })
    .setSubject(TENANT)
    .setExpirationTime("1h")
    .sign(key.privateKey);

  expect(await createTokens(key, store, () => ADDRESSES).inspect(text)).toMatchObject({ scope: "admin" });
});
