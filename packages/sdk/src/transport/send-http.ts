import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { rootCertificates } from "node:tls";
import type { ClientTLSConfig } from "../config/client-config.ts";

export interface HttpRequest {
  method: string;
  headers: Record<string, string>;
  /** @default none */
  body?: string | undefined;
  timeoutMs: number;
}

export interface HttpAnswer {
  status: number;
  text: string;
}

/**
 * Sends a request to the engine's REST side, secured as the connection for gRPC is: with the authority and the certificate
 * that are named there, neither of which `fetch` can be told. Files are read for each request, since they are replaced.
 *
 * @throws whatever kept it from being answered; a DOMException named TimeoutError when the time was over
 */
export async function sendHttp(
  url: string,
  { timeoutMs, ...asked }: HttpRequest,
  tls: ClientTLSConfig,
): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { tls_strategy: strategy, ca_file: caFile } = tls;
  if (!url.startsWith("https:") || (strategy !== "mtls" && caFile === undefined)) {
    const response = await fetch(url, { ...asked, body: asked.body ?? null, signal });
    return { status: response.status, text: await response.text() };
  }
  const [ca, cert, key] = await Promise.all([
    caFile && trusted(caFile),
    ...(strategy === "mtls" ? [tls.cert_file, tls.key_file] : []).map((file) => file && readFile(file)),
  ]);
  const server = tls.server_name === undefined ? {} : { servername: tls.server_name };
  const { method, headers, body } = asked;
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, ca, cert, key, signal, ...server }, (response) => {
      text(response).then((whole) => resolve({ status: response.statusCode ?? 0, text: whole }), reject);
    });
    call.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    call.end(body);
  });
}

/** Beside what `fetch` trusts: a proxy for HTTP may have a certificate of the world's authorities, or of another one. */
async function trusted(caFile: string): Promise<string[]> {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  const own = [caFile, ...(extra ? [extra] : [])].map((file) => readFile(file, "utf8"));
  return [...rootCertificates, ...(await Promise.all(own))];
}
