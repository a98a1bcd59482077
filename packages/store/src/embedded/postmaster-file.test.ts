import { expect, test } from "vitest";
import { parsePostmasterFile } from "./postmaster-file.ts";

test("reads the file of a running server", () => {
  const text = "4711\n/data/postgres\n1700000000\n5999\n/data/run\n127.0.0.1\n  1234567    98304\nready   \n";
  expect(parsePostmasterFile(text)).toEqual({ pid: 4711, port: 5999, socketDir: "/data/run", status: "ready" });
});

test("knows no socket folder when the server listens on none", () => {
  const text = "4711\n/data/postgres\n1700000000\n5999\n\n127.0.0.1\n  1234567    98304\nstopping\n";
  expect(parsePostmasterFile(text)).toEqual({ pid: 4711, port: 5999, socketDir: undefined, status: "stopping" });
});

test("reads a file that is being written", () => {
  expect(parsePostmasterFile("4711\n/data")).toMatchObject({ pid: 4711, port: undefined, status: undefined });
});

test.each(["", "\n", "not a number\n/data\n"])("takes %j for no file at all", (text) => {
  expect(parsePostmasterFile(text)).toBeUndefined();
});
