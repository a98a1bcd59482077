import type { EngineAddress } from "../engine/find-engine.ts";
import type { Io } from "../io.ts";

/**
 * The environment of a copy: ours, and how to reach the engine where ours does not say. Both prefixes are set, for our SDK
 * and for those of Hatchet.
 */
export function copyEnvironment(env: Io["env"], { token, apiUrl }: EngineAddress): Record<string, string | undefined> {
  const isPlain = apiUrl.startsWith("http:");
  const hasTls = env.HELVE_CLIENT_TLS_STRATEGY || env.HATCHET_CLIENT_TLS_STRATEGY;
  return {
    ...env,
    HELVE_CLIENT_TOKEN: token,
    HATCHET_CLIENT_TOKEN: token,
    ...(isPlain && !hasTls && { HELVE_CLIENT_TLS_STRATEGY: "none", HATCHET_CLIENT_TLS_STRATEGY: "none" }),
  };
}
