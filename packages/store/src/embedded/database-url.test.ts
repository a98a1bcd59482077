import { expect, test } from "vitest";
import { databaseUrl, fitsSocket } from "./database-url.ts";

test("names the socket folder and the port of its file", () => {
  const url = new URL(databaseUrl({ port: 5999, socketDir: "/var/lib/my data/run" }, "p:w"));
  expect(url.searchParams.get("host")).toBe("/var/lib/my data/run");
  expect(url).toMatchObject({ username: "helve", password: "p%3Aw", port: "5999", pathname: "/helve" });
});

test("goes over loopback without a socket", () => {
  const url = new URL(databaseUrl({ port: 5999, socketDir: undefined }, "pw", "postgres"));
  expect(url.host).toBe("127.0.0.1:5999");
  expect(url.searchParams.has("host")).toBe(false);
});

test("uses no socket in a folder whose name is too long for it", () => {
  expect(fitsSocket(`/${"a".repeat(60)}`)).toBe(true);
  expect(fitsSocket(`/${"ä".repeat(60)}`)).toBe(false);
});
