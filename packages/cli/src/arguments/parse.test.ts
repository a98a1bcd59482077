import { describe, expect, it } from "vitest";
import { UsageError } from "../exit-codes.ts";
import { parse, timeSpan, wholeNumber } from "./parse.ts";

const OPTIONS = { name: { value: "NAME", help: "" }, json: { help: "" } } as const;

describe("parse", () => {
  it("tells flags, switches and operands apart, in any order", () => {
    expect(parse(["one", "--json", "--name", "x", "two"], OPTIONS)).toEqual({
      values: { name: "x", json: true },
      operands: ["one", "two"],
    });
  });

  it("gives undefined for a flag and false for a switch that are not there", () => {
    const { values } = parse([], OPTIONS);
    expect(values.name).toBeUndefined();
    expect(values.json).toBe(false);
  });

  it("takes everything behind -- and a single - as operands", () => {
    expect(parse(["-", "--", "--json"], OPTIONS).operands).toEqual(["-", "--json"]);
  });

  it("lets the last of a repeated flag count", () => {
    expect(parse(["--name=a", "--name=b"], OPTIONS).values.name).toBe("b");
  });

  it("takes a value that begins with a dash when it is written with =", () => {
    expect(parse(["--name=-x"], OPTIONS).values.name).toBe("-x");
  });

  it.each([
    [["--nane", "x"], "there is no flag --nane; flags are --name, --json, --help"],
    [["-x"], "there is no flag -x; flags are --name, --json, --help"],
    [["--name"], "--name needs a value: --name NAME"],
    [["--name="], "--name needs a value: --name NAME"],
    [["--json=yes"], "--json takes no value, and got 'yes'"],
  ])("refuses %j with a sentence that says what is allowed", (args, message) => {
    expect(() => parse(args, OPTIONS)).toThrow(new UsageError(message));
  });
});

describe("wholeNumber", () => {
  it("reads a number within bounds, both included", () => {
    expect(wholeNumber("1", "--n", 1, 3)).toBe(1);
    expect(wholeNumber("3", "--n", 1, 3)).toBe(3);
    expect(wholeNumber(undefined, "--n", 1, 3)).toBeUndefined();
  });

  it.each(["0", "4", "-1", "1.5", "x", " 2"])("refuses %j", (text) => {
    expect(() => wholeNumber(text, "--n", 1, 3)).toThrow("it must be a whole number from 1 to 3");
  });
});

describe("timeSpan", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["12h", 43_200_000],
    ["30d", 2_592_000_000],
    ["1y", 31_536_000_000],
  ])("reads %s", (text, ms) => {
    expect(timeSpan(text, "--since")).toBe(ms);
  });

  it.each(["0s", "5", "d", "1w", "-1h", "1.5h", "1h30m"])("refuses %s", (text) => {
    expect(() => timeSpan(text, "--since")).toThrow(UsageError);
  });
});
