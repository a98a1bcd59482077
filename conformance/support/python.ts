import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The interpreter of the virtual environment that holds one published version of the Python client. */
export function pythonOf(version: "v0" | "v1" | "v1-oldest"): string {
  return fileURLToPath(new URL(`../../.cache/python/${version}/bin/python`, import.meta.url));
}

/** Fails early, with what to do, when a virtual environment is missing. */
export async function requirePythonClients(): Promise<void> {
  for (const [version, release] of [
    ["v1", "1.43.1"],
    ["v1-oldest", "1.29.0"],
    ["v0", "0.47.1"],
  ] as const) {
    if (existsSync(pythonOf(version))) continue;
    const place = `.cache/python/${version}`;
    throw new Error(
      `no Python client in ${place}; npm test makes it, or by hand: ` +
        `python3 -m venv ${place} && ${place}/bin/pip install hatchet-sdk==${release}`,
    );
  }
}
