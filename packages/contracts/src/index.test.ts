import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import * as contracts from "./index.ts";

test.each([
  { folder: "hatchet", place: contracts },
  { folder: "hatchet/v1", place: contracts.v1 },
  { folder: "helve/v1", place: contracts.helve },
])("everything generated in $folder can be imported", async ({ folder, place }) => {
  const source = new URL(`gen/${folder}/`, import.meta.url);
  const entries = await readdir(source, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => new URL(entry.name, source).href);
  const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ file)));
  // The entries of a map are messages on the wire only.
  const names = modules.flatMap((module) => Object.keys(module)).filter((name) => !/_\w+Entry$/.test(name));

  expect(names).not.toEqual([]);
  expect(Object.keys(place)).toEqual(expect.arrayContaining(names));
});
