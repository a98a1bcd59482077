import { useSyncExternalStore } from "react";
import { type Claims, readClaims } from "./claims.ts";

/**
 * Who looks: somebody with a token, or nobody yet. The token lives in this tab's sessionStorage and goes with it. No cookie
 * carries it, so no other page can make the browser send it.
 */
export type Session =
  | { readonly kind: "open"; readonly token: string; readonly claims: Claims }
  /** @param problem why there is none any more */
  | { readonly kind: "none"; readonly problem: string | undefined };

const KEY = "helve-token";
const NOBODY: Session = { kind: "none", problem: undefined };

let session: Session = readStored();
const listeners = new Set<() => void>();

/** The session of this tab, as it is now. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}

/** Takes a token into use. @returns what is wrong with it, undefined when nothing can be seen from here */
export function signIn(text: string): string | undefined {
  const token = text.trim();
  const opened = open(token);
  if (opened.kind === "none") return opened.problem;
  sessionStorage.setItem(KEY, token);
  become(opened);
  return undefined;
}

/** Forgets the token. @param problem why, when it was not the person's wish */
export function signOut(problem?: string): void {
  sessionStorage.removeItem(KEY);
  become({ kind: "none", problem });
}

/** The engine has refused this token. One that has been replaced meanwhile changes nothing. */
export function tokenRefused(token: string): void {
  if (session.kind !== "open" || session.token !== token) return;
  signOut(
    expiryProblem(session.claims) ?? "This engine does not accept the token: it is revoked, or another engine's.",
  );
}

/**
 * Takes the token out of an address that ends with `#token=…`, as `npm start` prints it, and out of the history. What stands
 * behind `#` is sent to no server.
 */
export function takeTokenFromAddress(): void {
  const { hash, pathname, search } = window.location;
  if (!hash.startsWith("#token=")) return;
  window.history.replaceState(window.history.state, "", pathname + search);
  const problem = signIn(hash.slice("#token=".length));
  if (problem !== undefined) signOut(problem);
}

function readStored(): Session {
  const token = sessionStorage.getItem(KEY);
  return token === null ? NOBODY : open(token);
}

function open(token: string): Session {
  const claims = readClaims(token);
  if (!claims) return { kind: "none", problem: "This is no token; was it cut when it was copied?" };
  const problem = expiryProblem(claims);
  return problem === undefined ? { kind: "open", token, claims } : { kind: "none", problem };
}

function expiryProblem({ expiresAt }: Claims): string | undefined {
  if (expiresAt === undefined || expiresAt.getTime() > Date.now()) return undefined;
  return `The token expired on ${expiresAt.toLocaleString()}.`;
}

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
