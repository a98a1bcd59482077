import { expect, test } from "vitest";
import { mayPause, readClaims } from "./claims.ts";

const token = (claims: object) => `ey.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

test("reads the tenant, the scope and the end of a token", () => {
  expect(readClaims(token({ sub: "t", scope: "read", exp: 60, name: "größer" }))).toEqual({
    tenantId: "t",
    scope: "read",
    expiresAt: new Date(60_000),
  });
});

test("takes a token without a scope for one that may do all", () => {
  expect(readClaims(token({ sub: "t" }))).toEqual({ tenantId: "t", scope: "admin", expiresAt: undefined });
});

test.each(["", "abc", "ey.e30.", token({}), token({ sub: "t" }).slice(0, 10), "ey.!!.c2ln"])(
  "takes '%s' for no token",
  (text) => expect(readClaims(text)).toBeUndefined(),
);

test("lets admins and workers pause, and nobody else", () => {
  expect(["admin", "worker", "read", "trigger", "other"].filter(mayPause)).toEqual(["admin", "worker"]);
});
