import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Allowed, CALLS, OPERATIONS, scopeProblem } from "./permissions.ts";

const GUIDE = new URL("../../../../docs/guides/security.md", import.meta.url);

/** A row of the guide's tables, which this test would write. */
function rowOf([name, allowed]: [string, Allowed]): string {
  const cell = (scope: "worker" | "trigger" | "read"): string => {
    if (allowed === "anybody") return "anybody";
    return allowed.includes(scope) ? "yes" : "";
  };
  return `| \`${name}\` | ${cell("worker")} | ${cell("trigger")} | ${cell("read")} |`;
}

test("the guide shows the table as it is", async () => {
  const guide = await readFile(GUIDE, "utf8");
  const shown = guide.split("\n").filter((line) => /^\| `\S+` \| (yes|anybody|) \| /.test(line));

  expect(shown).toEqual([...Object.entries(CALLS), ...Object.entries(OPERATIONS)].map(rowOf));
});

test.each([
  ["admin", ["worker"], undefined],
  ["worker", ["worker"], undefined],
  ["read", ["worker", "trigger"], "the token has the scope read, and x needs worker or trigger or admin"],
  ["admin", undefined, "nobody may call x"],
  [undefined, ["worker"], "nobody may call x"],
  [undefined, "anybody", undefined],
] as const)("tells whether %s may call what is for %j", (scope, allowed, problem) => {
  expect(scopeProblem(scope, allowed, "x")).toBe(problem);
});
