/**
 * Fails when committed generated code is not what its sources give today: `node scripts/check-generated.mjs [checkout]`.
 *
 * Generates everything into a temporary folder and compares file by file; the checkout itself is left as it is.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GENERATED, withFreshCopy } from "./generate.mjs";

const checkout = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));

let isCurrent = true;
for (const generated of GENERATED) {
  const differences = await withFreshCopy(generated, (fresh) => compare(join(checkout, generated.folder), fresh));
  if (differences.length === 0) continue;
  isCurrent = false;
  console.error(
    `${generated.folder} is not what its sources generate; run \`npm run generate\` and commit the result.`,
  );
  for (const difference of differences) console.error(`  ${difference}`);
}
if (isCurrent) console.log("Generated code is current.");
process.exitCode = isCurrent ? 0 : 1;

/** One line for each file that is missing, left over or different, sorted by name. */
async function compare(committed, fresh) {
  const [have, want] = await Promise.all([contents(committed), contents(fresh)]);
  const names = [...new Set([...have.keys(), ...want.keys()])].sort();
  return names.flatMap((name) => {
    if (!have.has(name)) return [`${name} is missing`];
    if (!want.has(name)) return [`${name} has no source`];
    return have.get(name) === want.get(name) ? [] : [`${name} differs`];
  });
}

/** Text of every file below a folder, by its path in it; nothing when there is no such folder. */
async function contents(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return new Map(files.map((file, index) => [file.slice(folder.length + 1).replaceAll("\\", "/"), texts[index]]));
}
