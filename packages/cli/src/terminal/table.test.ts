import { describe, expect, it } from "vitest";
import { memoryIo } from "../testing/memory-io.ts";
import { type Column, table } from "./table.ts";

interface Row {
  name: string;
  count: string;
}

const COLUMNS: Column<Row>[] = [
  { title: "NAME", text: (row) => row.name, shrinksTo: 6 },
  { title: "COUNT", text: (row) => row.count, isNumber: true },
];
const ROWS = [
  { name: "short", count: "7" },
  { name: "a rather long name", count: "1234567" },
];

describe("a table", () => {
  it("makes columns as wide as their contents, with numbers to the right", () => {
    expect(table(COLUMNS, ROWS, memoryIo().out)).toBe(
      "NAME                  COUNT\nshort                     7\na rather long name  1234567\n",
    );
  });

  it("is no wider than the terminal, where a column may give way", () => {
    const text = table(COLUMNS, ROWS, memoryIo({ isTerminal: true, columns: 20 }).out);
    expect(text).toBe("NAME           COUNT\nshort              7\na rather l…  1234567\n");
  });

  it("is not cut where nobody looks, since a program may read it", () => {
    expect(table(COLUMNS, ROWS, memoryIo({ columns: 20 }).out)).toContain("a rather long name");
  });

  it("keeps a value from moving the cursor or starting a line", () => {
    const rows = [{ name: "a\u001b[2Jb\nc\u0007", count: "1" }];
    expect(table(COLUMNS, rows, memoryIo().out)).toBe("NAME   COUNT\nab c       1\n");
  });

  it("colours what a column asks for, and counts only what is seen", () => {
    const output = { ...memoryIo().out, hasColour: true };
    const columns: Column<Row>[] = [
      { title: "N", text: (row) => row.name, style: () => "green" },
      COLUMNS[1] as Column<Row>,
    ];
    const lines = table(columns, [{ name: "ok", count: "1" }], output).split("\n");
    expect(lines[1]).toBe("\u001b[32mok\u001b[39m      1");
  });
});
