import { X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HelveError } from "@helve/core";
import { writePrivateFile } from "../private-file.ts";
import type { CertificateRequest, Issued } from "./issue.ts";

/** Where a pair lies. */
export interface PairFiles {
  cert: string;
  key: string;
  validUntil: Date;
}

/**
 * A folder of certificates: `ca.pem` and `ca-key.pem`, and for each name `NAME.pem` and `NAME-key.pem`. Keys can be read by
 * the owner alone. The key of the authority is needed to make more, and nowhere else: it may lie on another machine.
 */
export interface CertificateFolder {
  /** Makes the authority. @throws HelveError already_exists: another would not be trusted by those that trust this one */
  makeAuthority(days: number): Promise<PairFiles>;
  /** Makes a pair, or makes it anew. @throws HelveError failed_precondition where there is no authority */
  make(fileName: string, request: CertificateRequest): Promise<PairFiles>;
}

export function openCertificateFolder(folder: string): CertificateFolder {
  const filesOf = (name: string) => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) });

  async function write(name: string, { cert, key }: Issued): Promise<PairFiles> {
    const files = filesOf(name);
    // Who takes the new ones into use compares the two and passes over halves, so either may come first.
    await writePrivateFile(files.key, key);
    await writeFile(files.cert, cert);
    return { ...files, validUntil: new Date(new X509Certificate(cert).validTo) };
  }

  return {
    async makeAuthority(days) {
      const { cert, key } = filesOf("ca");
      for (const file of [cert, key]) {
        if (await exists(file)) throw new HelveError("already_exists", `${file} is there already, and is kept`);
      }
      await mkdir(folder, { recursive: true });
      const { issueAuthority } = await import("./issue.ts");
      return write("ca", await issueAuthority("Helve CA", days));
    },
    async make(fileName, request) {
      const { cert, key } = filesOf("ca");
      const authority = { cert: await readAuthority(cert), key: await readAuthority(key) };
      const { issueCertificate } = await import("./issue.ts");
      return write(fileName, await issueCertificate(authority, request));
    },
  };
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { message } = error as Error;
    throw new HelveError("failed_precondition", `cannot read ${file}: ${message}; helve cert init makes an authority`);
  }
}
