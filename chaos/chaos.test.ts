import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "./stage/node-arguments.ts";

test("keeps every promise through a round of faults with two replicas", async () => {
  const args = [
    "--conditions=source",
    "--import",
    "tsx",
    "chaos/main.ts",
    "--seed",
    "2472",
    "--seconds",
    "8",
    "--rate",
    "10",
  ];
  const round = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void round.kill("SIGTERM"));
  let said = "";
  for (const stream of [round.stdout, round.stderr]) {
    stream.on("data", (part) => {
      said += part;
    });
  }
  const [code] = (await once(round, "close")) as [number | null];
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("1 rounds, 0 with violations") });
});
