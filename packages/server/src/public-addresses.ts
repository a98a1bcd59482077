import type { PublicAddresses } from "./auth/tokens.ts";
import type { Config } from "./config.ts";

/**
 * The addresses that go into tokens: those given, or else those listened on. An address that stands for all of this
 * machine's is no address to dial, so `localhost` takes its place; who comes from elsewhere needs the flags.
 */
export function publicAddresses(
  { host, tls, publicGrpcAddress, publicUrl }: Pick<Config, "host" | "tls" | "publicGrpcAddress" | "publicUrl">,
  { grpcPort, httpPort }: { grpcPort: number; httpPort: number },
): PublicAddresses {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return {
    grpcAddress: publicGrpcAddress ?? `${name}:${grpcPort}`,
    serverUrl: publicUrl ?? `${tls ? "https" : "http"}://${name}:${httpPort}`,
  };
}
