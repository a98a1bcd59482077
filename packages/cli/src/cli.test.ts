import { describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";
import { memoryIo } from "./testing/memory-io.ts";

const COMMANDS = [
  "dev",
  "serve",
  "migrate",
  "trigger",
  "runs",
  "run",
  "cancel",
  "replay",
  "logs",
  "worker",
  "workers",
  "workflows",
  "actions",
  "dashboard",
  "cert",
  "token",
];

describe("helve", () => {
  it.each([[[]], [["help"]], [["--help"]], [["-h"]]])("lists its commands for %j", async (args) => {
    const io = memoryIo();
    expect(await runCli(args, io)).toBe(0);
    for (const name of COMMANDS) expect(io.outText()).toMatch(new RegExp(`^ {2}${name} `, "m"));
  });

  it.each(COMMANDS)("says more about %s with --help, within 120 columns", async (name) => {
    const io = memoryIo();
    expect(await runCli([name, "--help"], io)).toBe(0);
    expect(io.outText()).toContain(name);
    expect(
      Math.max(
        ...io
          .outText()
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });

  it("names the commands there are when there is none of that name", async () => {
    const io = memoryIo();
    expect(await runCli(["constructor"], io)).toBe(2);
    expect(io.errText()).toBe(`helve: there is no command 'constructor'; commands are ${COMMANDS.join(", ")}\n`);
  });

  it("does not take a flag for a command", async () => {
    const io = memoryIo();
    expect(await runCli(["--json"], io)).toBe(2);
    expect(io.errText()).toContain("'--json' is no command");
  });

  it("leaves with 2 and a hint when a command line is wrong", async () => {
    const io = memoryIo();
    expect(await runCli(["trigger"], io)).toBe(2);
    expect(io.errText()).toBe(
      "helve: something is missing: helve trigger NAME [JSON] [--wait]\nhelve trigger --help says more.\n",
    );
  });

  it("leaves with 2 when the input is no JSON object", async () => {
    for (const input of ["{", "[]", '"text"', "null"]) {
      const io = memoryIo();
      expect(await runCli(["trigger", "x", input], io)).toBe(2);
      expect(io.errText()).toContain("the input");
    }
  });

  it("leaves with 1 and a sentence when there is no engine to speak to", async () => {
    const io = memoryIo({ env: { HELVE_DATA_DIR: "/nowhere/at/all" } });
    expect(await runCli(["runs"], io)).toBe(1);
    expect(io.errText()).toBe(
      "helve: no engine to speak to: there is no token in /nowhere/at/all; start one with npm start, or give --token\n",
    );
  });
});
