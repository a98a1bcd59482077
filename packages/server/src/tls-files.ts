import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { HelveError } from "@helve/core";
import type { Config } from "./config.ts";
import type { TlsFiles } from "./grpc/listener.ts";

/**
 * Reads the files that TLS needs.
 *
 * @throws HelveError failed_precondition naming the file that cannot be read, or saying why the pair is of no use
 */
export async function readTlsFiles({ cert, key, clientCa }: NonNullable<Config["tls"]>): Promise<TlsFiles> {
  const files: TlsFiles = {
    cert: await readPem(cert),
    key: await readPem(key),
    clientCa: clientCa === undefined ? undefined : await readPem(clientCa),
  };
  try {
    createSecureContext({ cert: files.cert, key: files.key, ca: files.clientCa });
  } catch (error) {
    throw new HelveError("failed_precondition", `TLS cannot use ${cert} and ${key}: ${(error as Error).message}`);
  }
  return files;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new HelveError("failed_precondition", `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
