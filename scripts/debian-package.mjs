import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * Installs a package of Debian that tests need, only where nobody can be asked and nothing is spoiled: as root on a machine of
 * a CI.
 *
 * @returns whether it was installed
 */
export function installInCi(name) {
  if (!process.env.CI || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  const options = { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  spawnSync("apt-get", ["update"], options);
  return spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", name], options).status === 0;
}

/** Whether there is a program of that name that runs. */
export function hasProgram(name) {
  return spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;
}
