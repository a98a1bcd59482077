import { ServerCredentials } from "@grpc/grpc-js";
import type { Tls, TlsFiles } from "../tls-files.ts";

/** Credentials of a server whose certificate, key and client CA may be replaced while it runs. */
export class ReloadingCredentials extends ServerCredentials {
  constructor(tls: Tls) {
    super({ requestCert: tls.current().clientCa !== undefined }, contextOf(tls.current()));
    tls.onChange((files) => this.updateSecureContextOptions(contextOf(files)));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, clientCa }: TlsFiles): { cert: Buffer; key: Buffer; ca: Buffer | undefined } {
  return { cert, key, ca: clientCa };
}
