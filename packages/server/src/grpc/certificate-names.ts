import type { PeerCertificate } from "node:tls";
import { HelveError } from "@helve/core";
import type { WorkersMeant } from "@helve/engine";
import type { CallContext, Edge } from "./edge.ts";

/** The common name of a certificate and the names of hosts in it; none where there is no certificate. */
export function certificateNames(certificate: PeerCertificate | undefined): string[] {
  const common = certificate?.subject?.CN ?? [];
  const hosts = (certificate?.subjectaltname ?? "").split(", ").flatMap((entry) => /^DNS:(.+)$/.exec(entry)?.[1] ?? []);
  return [...new Set([common, hosts].flat())];
}

/**
 * Whether somebody with this certificate may be the worker of that name.
 *
 * @param names undefined: whoever has a token may
 * @throws HelveError permission_denied
 */
export function requireCertificateFor(workerName: string, names: readonly string[] | undefined): void {
  if (names === undefined || names.includes(workerName)) return;
  const shown = names.map((name) => `'${name}'`).join(", ") || "nobody";
  throw new HelveError(
    "permission_denied",
    `a worker '${workerName}' needs a certificate of that name; the one shown is for ${shown}`,
  );
}

/**
 * Whether the caller may speak for all of these workers: each must have one of the names in the caller's certificate.
 * Resolves at once where workers are not held to their certificates.
 *
 * @throws HelveError permission_denied
 */
export async function requireCertificateOf(
  { engine }: Pick<Edge, "engine">,
  { tenantId, certificateNames }: CallContext,
  meant: WorkersMeant,
): Promise<void> {
  if (certificateNames === undefined) return;
  const names = certificateNames();
  for (const name of await engine.workerNames(tenantId, meant)) requireCertificateFor(name, names);
}
