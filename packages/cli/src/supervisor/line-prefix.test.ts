import { describe, expect, it } from "vitest";
import { lineCutter } from "./line-prefix.ts";

function cut(...pieces: (string | undefined)[]): string[] {
  const lines: string[] = [];
  const take = lineCutter((line) => lines.push(line));
  for (const piece of pieces) take(piece);
  return lines;
}

describe("cutting a stream into lines", () => {
  it("puts pieces of a line together", () => {
    expect(cut("a", "b\nc", "\r\n\nd")).toEqual(["ab", "c", ""]);
  });

  it("lets go of the last line at the end", () => {
    expect(cut("a\nb", undefined)).toEqual(["a", "b"]);
    expect(cut("a\n", undefined)).toEqual(["a"]);
  });

  it("does not wait for the end of an endless line", () => {
    expect(cut("x".repeat(70_000))).toEqual(["x".repeat(70_000)]);
  });
});
