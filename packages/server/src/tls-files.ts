import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { HelveError } from "@helve/core";
import type { Logger } from "pino";
import type { Config } from "./config.ts";

/** Contents of PEM files. With `clientCa`, clients must show a certificate that it signed. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  clientCa?: Buffer | undefined;
}

/** What stands in the files of TLS, now and later. */
export interface Tls {
  current(): TlsFiles;
  /** Calls back with each new content. Connections that are open are not concerned. */
  onChange(listener: (files: TlsFiles) => void): void;
  stop(): void;
}

type Paths = NonNullable<Config["tls"]>;

/** By reading, since what renews certificates puts them in place in many ways, some of which no watcher of files sees. */
const LOOK_EVERY_MS = 2_000;
const DAY_MS = 24 * 3_600_000;
/** Long enough before its end for somebody to do something about it. Said once a day. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/**
 * Reads the files that TLS needs, and goes on looking whether there are others. A pair that is of no use, because only half
 * of it is written perhaps, is said in the log and passed over; what was there before is used on.
 *
 * @throws HelveError failed_precondition naming the file that cannot be read, or saying why the pair is of no use
 */
export async function watchTlsFiles(paths: Paths, log: Logger): Promise<Tls> {
  let files = await readTlsFiles(paths);
  requireUsable(files, paths);
  let trouble: string | undefined;
  let isStopped = false;
  const listeners: ((files: TlsFiles) => void)[] = [];

  async function look(): Promise<void> {
    try {
      const found = await readTlsFiles(paths);
      // Only what is new is checked: that takes a millisecond, in which nothing else is done.
      const isNew = !isSame(found, files);
      if (isNew) requireUsable(found, paths);
      trouble = undefined;
      if (isStopped || !isNew) return;
      files = found;
      for (const listener of listeners) listener(files);
      log.info({ validUntil: validUntil(files) }, "TLS certificate replaced");
      warnIfExpiring();
    } catch (error) {
      const { message } = error as Error;
      if (message !== trouble) log.warn({ err: error }, "TLS certificate not replaced");
      trouble = message;
    }
  }

  function warnIfExpiring(): void {
    const until = validUntil(files);
    if (until.getTime() - Date.now() > EXPIRES_SOON_MS) return;
    log.warn({ validUntil: until }, "TLS certificate is to be replaced: it is good for less than 14 days more");
  }

  warnIfExpiring();
  const timers = [setInterval(() => void look(), LOOK_EVERY_MS), setInterval(warnIfExpiring, DAY_MS)];
  return {
    current: () => files,
    onChange: (listener) => void listeners.push(listener),
    stop() {
      isStopped = true;
      for (const timer of timers) clearInterval(timer);
    },
  };
}

async function readTlsFiles({ cert, key, clientCa }: Paths): Promise<TlsFiles> {
  return {
    cert: await readPem(cert),
    key: await readPem(key),
    clientCa: clientCa === undefined ? undefined : await readPem(clientCa),
  };
}

function requireUsable({ cert, key, clientCa }: TlsFiles, paths: Paths): void {
  try {
    createSecureContext({ cert, key, ca: clientCa });
  } catch (error) {
    const { message } = error as Error;
    throw new HelveError("failed_precondition", `TLS cannot use ${paths.cert} and ${paths.key}: ${message}`);
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new HelveError("failed_precondition", `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function validUntil({ cert }: TlsFiles): Date {
  return new Date(new X509Certificate(cert).validTo);
}

function isSame(one: TlsFiles, other: TlsFiles): boolean {
  return (
    one.cert.equals(other.cert) &&
    one.key.equals(other.key) &&
    (one.clientCa === other.clientCa || one.clientCa?.equals(other.clientCa ?? Buffer.alloc(0)) === true)
  );
}
