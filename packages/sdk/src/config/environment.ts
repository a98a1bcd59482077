/** The variables of a process, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Programs that come from Hatchet bring the second prefix; where both are set, our own counts. */
const PREFIXES = ["HELVE_CLIENT_", "HATCHET_CLIENT_"];

/** The variable with that name behind either prefix. An empty one counts as unset. */
export function readVariable(env: Environment, name: string): string | undefined {
  for (const prefix of PREFIXES) {
    const value = env[prefix + name];
    if (value !== undefined && value !== "") return value;
  }
  return undefined;
}
