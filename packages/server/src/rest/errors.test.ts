import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { HTTP_STATUS } from "./errors.ts";

test("the documentation has every code with its status", async () => {
  const page = await readFile(new URL("../../../../docs/reference/errors.md", import.meta.url), "utf8");
  const documented = Object.fromEntries(
    [...page.matchAll(/^\| `(\w+)` \| `\w+` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)]),
  );
  expect(documented).toEqual(HTTP_STATUS);
});
