import { describe, expect, it } from "vitest";
import { byteCount } from "./byte-count.ts";

describe("an amount of memory", () => {
  it.each([
    ["512MB", 536_870_912],
    ["512M", 536_870_912],
    ["2GiB", 2_147_483_648],
    ["900kb", 921_600],
  ])("reads %s", (text, bytes) => {
    expect(byteCount(text, "--max-memory")).toBe(bytes);
  });

  it.each(["512", "0MB", "MB", "-1MB", "1TB"])("refuses %s", (text) => {
    expect(() => byteCount(text, "--max-memory")).toThrow("such as 512MB or 2GB");
  });
});
