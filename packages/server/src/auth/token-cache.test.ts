import { HelveError } from "@helve/core";
import { expect, test, vi } from "vitest";
import { cachedAuthenticator } from "./token-cache.ts";
import type { TokenClaims } from "./token-claims.ts";

const HOUR = 3_600_000;
const CALLER = { tenantId: "tenant", tokenId: "token", scope: "worker" };

function setUp({ expiresAt = HOUR }: { expiresAt?: number } = {}) {
  const claims = { ...CALLER, expiresAt: new Date(expiresAt) } as TokenClaims;
  const clock = { now: 0 };
  const verify = vi.fn(async (token: string) => (token === "good" ? claims : undefined));
  const isStillValid = vi.fn(async () => true);
  return { clock, verify, isStillValid, cache: cachedAuthenticator({ verify, isStillValid, now: () => clock.now }) };
}

test("verifies a header once and knows it from then on", async () => {
  const { cache, verify } = setUp();

  expect(cache.known("Bearer good")).toBeUndefined();
  await cache.authenticate("Bearer good");

  expect(cache.known("Bearer good")).toEqual(CALLER);
  expect(verify).toHaveBeenCalledTimes(1);
});

test.each([undefined, "", "good", "Bearer", "Bearer bad", "Basic good", "Bearer good more"])(
  "refuses the header %j with the one text there is",
  async (header) => {
    const { cache } = setUp();

    await expect(cache.authenticate(header)).rejects.toMatchObject({
      code: "unauthenticated",
      message: "invalid auth token",
    });
  },
);

test.each(["bearer good", "BEARER good", "Bearer  good"])("takes %j: the scheme counts in any case", async (header) => {
  const { cache } = setUp();

  await expect(cache.authenticate(header)).resolves.toEqual(CALLER);
});

test("looks a token that is in use up again before it is too old, beside the call", async () => {
  const { cache, clock, isStillValid } = setUp();
  await cache.authenticate("Bearer good");

  clock.now = 4_500;
  expect(cache.known("Bearer good")).toBeDefined();
  expect(cache.known("Bearer good")).toBeDefined();
  await vi.waitFor(() => expect(isStillValid).toHaveBeenCalledTimes(1));

  clock.now = 9_000;
  expect(cache.known("Bearer good")).toBeDefined();
});

test("refuses a revoked token at the latest five seconds after the last look", async () => {
  const { cache, clock, isStillValid, verify } = setUp();
  await cache.authenticate("Bearer good");
  isStillValid.mockResolvedValue(false);

  clock.now = 5_001;
  expect(cache.known("Bearer good")).toBeUndefined();
  await expect(cache.authenticate("Bearer good")).rejects.toMatchObject({ code: "unauthenticated" });

  verify.mockResolvedValue(undefined);
  await expect(cache.authenticate("Bearer good")).rejects.toMatchObject({ code: "unauthenticated" });
});

test("forgets a token that turns out to be revoked in the look beside a call", async () => {
  const { cache, clock, isStillValid } = setUp();
  await cache.authenticate("Bearer good");
  isStillValid.mockResolvedValue(false);

  clock.now = 4_500;
  cache.known("Bearer good");

  await vi.waitFor(() => expect(cache.known("Bearer good")).toBeUndefined());
});

test("refuses a token from the instant it expires", async () => {
  const { cache, clock } = setUp({ expiresAt: 1_000 });
  await cache.authenticate("Bearer good");

  clock.now = 999;
  expect(cache.known("Bearer good")).toBeDefined();
  clock.now = 1_000;
  expect(cache.known("Bearer good")).toBeUndefined();
  await expect(cache.authenticate("Bearer good")).rejects.toMatchObject({ code: "unauthenticated" });
});

test("passes on that the database did not answer", async () => {
  const { cache, clock, isStillValid } = setUp();
  await cache.authenticate("Bearer good");
  isStillValid.mockRejectedValue(new Error("no connection"));

  clock.now = 6_000;
  await expect(cache.authenticate("Bearer good")).rejects.toThrow("no connection");
});

test("goes on trusting known callers while the database does not answer, and looks again when it does", async () => {
  const { cache, clock, isStillValid } = setUp();
  await cache.authenticate("Bearer good");
  isStillValid.mockRejectedValue(new HelveError("unavailable", "no connection"));

  clock.now = 6_000;
  await expect(cache.authenticate("Bearer good")).resolves.toEqual(CALLER);
  clock.now = 60_000;
  expect(cache.known("Bearer good")).toBeDefined();
  clock.now = 16 * 60_000;
  expect(cache.known("Bearer good")).toBeUndefined();

  isStillValid.mockResolvedValue(false);
  await expect(cache.authenticate("Bearer good")).rejects.toMatchObject({ code: "unauthenticated" });
});

test("does not make a busy caller wait for a look that hangs", async () => {
  const { cache, clock, isStillValid } = setUp();
  await cache.authenticate("Bearer good");
  isStillValid.mockReturnValue(new Promise(() => {}));

  clock.now = 4_500;
  cache.known("Bearer good");
  clock.now = 5_600;
  expect(cache.known("Bearer good")).toBeDefined();
});
