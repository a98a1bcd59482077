import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** What a program says of the worker in it. */
export type SelfReport = { readonly isHealthy: true } | { readonly isHealthy: false; readonly reason: string };

/** A worker that takes longer to answer does nothing else either. */
const ANSWER_MS = 2_000;

/** What a copy finds in its environment, so that its worker serves `/health` at that port: our SDK and Hatchet's read it. */
export function healthVariables(port: number): Record<string, string> {
  return Object.fromEntries(
    ["HELVE", "HATCHET"].flatMap((prefix) => [
      [`${prefix}_CLIENT_WORKER_HEALTHCHECK_ENABLED`, "true"],
      [`${prefix}_CLIENT_WORKER_HEALTHCHECK_PORT`, String(port)],
    ]),
  );
}

/** A port of the loopback interface that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Asks a worker how it is. Its code decides, and where that is 200, as Hatchet's worker for TypeScript always answers, the
 * word in its answer does.
 *
 * @returns undefined when nothing listens there
 */
export async function askHealth(port: number): Promise<SelfReport | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { status, reasons = [] } = readAnswer(await response.text());
    if (response.ok && status !== "UNHEALTHY") return { isHealthy: true };
    return { isHealthy: false, reason: reasons.join("; ") || `it says ${status ?? response.status}` };
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? { isHealthy: false, reason: "it does not answer" } : undefined;
  }
}

function readAnswer(text: string): { status?: string; reasons?: string[] } {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
