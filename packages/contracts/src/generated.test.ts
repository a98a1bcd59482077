import { spawnSync } from "node:child_process";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const generated = "packages/contracts/src/gen";

function checkGenerated(...checkout: string[]): { exitCode: number | null; output: string } {
  const script = join(repository, "scripts/check-generated.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...checkout], { encoding: "utf8" });
  return { exitCode: status, output: stdout + stderr };
}

test("the committed code is what the .proto files generate", { timeout: 30_000 }, () => {
  expect(checkGenerated()).toEqual({ exitCode: 0, output: "Generated code is current.\n" });
});

test("the check names each file that is changed, missing or left over", { timeout: 30_000 }, async () => {
  const checkout = await mkdtemp(join(tmpdir(), "helve-checkout-"));
  try {
    await cp(join(repository, generated), join(checkout, generated), { recursive: true });
    await appendFile(join(checkout, generated, "hatchet/events.ts"), "// edited by hand\n");
    await rm(join(checkout, generated, "google/rpc/status.ts"));
    await appendFile(join(checkout, generated, "hatchet/removed.ts"), "");

    expect(checkGenerated(checkout)).toEqual({
      exitCode: 1,
      output: [
        `${generated} is not what its sources generate; run \`npm run generate\` and commit the result.`,
        "  google/rpc/status.ts is missing",
        "  hatchet/events.ts differs",
        "  hatchet/removed.ts has no source",
        "",
      ].join("\n"),
    });
  } finally {
    await rm(checkout, { recursive: true, force: true });
  }
});
