import { expect, test } from "vitest";
import { reasonInLog } from "./log-file.ts";

test("finds why the server ended among what it said", () => {
  const log = [
    "2025-01-01 00:00:00.000 UTC [10] LOG:  could not bind IPv4 address: Address already in use",
    "2025-01-01 00:00:00.000 UTC [10] FATAL:  could not create any TCP/IP sockets",
    "2025-01-01 00:00:00.000 UTC [10] LOG:  database system is shut down",
    "",
  ].join("\n");
  expect(reasonInLog(log)).toBe("could not create any TCP/IP sockets");
});

test("takes the last line of a program that did not get as far as logging", () => {
  expect(reasonInLog("postgres: libicuuc.so.60: cannot open shared object file\n")).toBe(
    "postgres: libicuuc.so.60: cannot open shared object file",
  );
});

test("has no reason when nothing was said", () => {
  expect(reasonInLog("")).toBeUndefined();
});
