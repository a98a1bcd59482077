import { readFileSync } from "node:fs";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { ClientTLSConfig } from "../config/client-config.ts";
import { errorMessage, HelveError } from "../errors.ts";

/** @throws HelveError invalid_argument for a certificate file that is missing or not named */
export function channelCredentials(tls: ClientTLSConfig): ChannelCredentials {
  if (tls.tls_strategy === "none") return credentials.createInsecure();
  const roots = tls.ca_file === undefined ? null : readPem("ca_file", tls.ca_file);
  if (tls.tls_strategy !== "mtls") return credentials.createSsl(roots);
  return credentials.createSsl(roots, readPem("key_file", tls.key_file), readPem("cert_file", tls.cert_file));
}

function readPem(setting: string, path: string | undefined): Buffer {
  if (path === undefined) throw new HelveError("invalid_argument", `tls_strategy 'mtls' needs tls_config.${setting}`);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new HelveError("invalid_argument", `tls_config.${setting}: ${errorMessage(cause)}`, { cause });
  }
}
