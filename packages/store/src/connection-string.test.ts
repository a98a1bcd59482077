import { expect, test } from "vitest";
import { connectionString } from "./connection-string.ts";

test.each(["require", "verify-ca", "verify-full"])(
  "has sslmode=%s read as every program of Postgres reads it",
  (mode) => {
    expect(connectionString(`postgres://u:p%40@db/x?sslmode=${mode}&sslrootcert=/ca.pem`)).toBe(
      `postgres://u:p%40@db/x?sslmode=${mode}&sslrootcert=%2Fca.pem&uselibpqcompat=true`,
    );
  },
);

test.each([
  "postgres://db/x",
  "postgres:///x?host=/run",
  "postgres://db/x?sslmode=require&uselibpqcompat=false",
  "/run x",
])("leaves %s alone", (url) => {
  expect(connectionString(url)).toBe(url);
});
