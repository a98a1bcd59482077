/**
 * The virtual environments with the published Python clients that the conformance suites drive: one per generation of
 * the client and one for the oldest supported release, since all install under the same name.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, ROOT } from "./bootstrap.mjs";
import { installInCi } from "./debian-package.mjs";

const CLIENTS = [
  { folder: ".cache/python/v1", requirement: "hatchet-sdk==1.43.1" },
  // The lower end of the supported range.
  { folder: ".cache/python/v1-oldest", requirement: "hatchet-sdk==1.29.0" },
  { folder: ".cache/python/v0", requirement: "hatchet-sdk==0.47.1" },
];

/** Makes the environments that are missing or hold another version. */
export async function ensurePythonClients() {
  const outdated = CLIENTS.filter((client) => !isCurrent(client));
  if (outdated.length === 0) return;
  if (!canMakeEnvironments() && !(installInCi("python3-venv") && canMakeEnvironments())) {
    fail(
      "The conformance suites drive Python clients and need Python 3.10 or newer with its venv module as `python3` " +
        "(Debian, Ubuntu: apt-get install python3-venv). `npm test -- --project unit --project pg` runs without it.",
    );
  }
  await Promise.all(outdated.map(makeEnvironment));
}

function isCurrent({ folder, requirement }) {
  const stamp = stampOf(folder);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === requirement;
}

async function makeEnvironment({ folder, requirement }) {
  console.log(`Installing ${requirement} in ${folder} …`);
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  await run(join(folder, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", requirement]);
  // Last, so that an install that was broken off is made again.
  writeFileSync(stampOf(folder), requirement);
}

async function run(command, args) {
  const [status] = await once(spawn(command, args, { cwd: ROOT, stdio: "inherit" }), "close");
  if (status !== 0) fail(`${command} ${args.join(" ")} failed; see above.`);
}

/** Debian ships Python without what a virtual environment needs. */
function canMakeEnvironments() {
  const check = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
  return spawnSync("python3", ["-c", check], { stdio: "ignore" }).status === 0;
}

function stampOf(folder) {
  return join(ROOT, folder, "helve-requirement.txt");
}
