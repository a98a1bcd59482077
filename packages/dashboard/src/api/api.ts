import { createContext, useContext } from "react";
import type { Claims } from "../session/claims.ts";

/** The engine's API, asked with one token. */
export interface Api {
  readonly token: string;
  readonly tenantId: string;
  /** What the token is for. */
  readonly scope: string;
  /** @param path below `/api/v1/` @throws ApiError */
  get<Body>(path: string, options?: { query?: Query; signal?: AbortSignal }): Promise<Answer<Body>>;
  patch<Body>(path: string, body: unknown): Promise<Answer<Body>>;
}

export interface Answer<Body> {
  readonly body: Body;
  /** When the engine gave it, by the engine's clock, in ms; exact to a second. */
  readonly atMs: number;
}

/** What is undefined is left out; a list is given once for each item. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * Why there is no good answer: nobody answered, the token is not accepted, it is not for this, or the engine refused or
 * failed for the reason in the message.
 */
export class ApiError extends Error {
  readonly kind: "unreachable" | "token-refused" | "not-allowed" | "not-found" | "failed";

  constructor(kind: ApiError["kind"], message: string) {
    super(message);
    this.name = "ApiError";
    this.kind = kind;
  }
}

const Context = createContext<Api | undefined>(undefined);
export const ApiProvider = Context.Provider;

/** The API of whoever is signed in. */
export function useApi(): Api {
  const api = useContext(Context);
  if (!api) throw new Error("nobody is signed in here");
  return api;
}

/** Longer than any list of a fleet takes; an engine that is frozen should be seen to be. */
const TIMEOUT_MS = 10_000;

export function openApi(token: string, { tenantId, scope }: Claims): Api {
  const headers = { authorization: `Bearer ${token}` };
  return {
    token,
    tenantId,
    scope,
    get: (path, { query, signal } = {}) =>
      send(`/api/v1/${path}${queryText(query)}`, { headers, ...(signal && { signal }) }),
    patch: (path, body) =>
      send(`/api/v1/${path}`, {
        method: "PATCH",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
  };
}

/** Sends a request to the engine that has served this page. @throws ApiError */
export async function send<Body>(url: string, init: RequestInit = {}): Promise<Answer<Body>> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
  const [response, text] = await fetch(url, { ...init, signal, cache: "no-store" })
    .then(async (answer) => [answer, await answer.text()] as const)
    .catch((error: unknown) => {
      // Not an error: nobody wants to know any more.
      if (init.signal?.aborted) throw error;
      const seconds = TIMEOUT_MS / 1000;
      const reason = limit.aborted ? `it has not answered for ${seconds} s` : "nothing answers at its address";
      throw new ApiError("unreachable", reason);
    });
  if (!response.ok) throw refusal(response.status, text);
  const atMs = Date.parse(response.headers.get("date") ?? "") || Date.now();
  return { body: (text === "" ? undefined : JSON.parse(text)) as Body, atMs };
}

/** Whatever is wrong with a token. Of a good one that is not for this, the engine says what it is for. */
const BAD_CREDENTIALS = "Please provide valid credentials";

function refusal(status: number, text: string): ApiError {
  const message = messageOf(text) ?? `status ${status}`;
  if (status === 403) return new ApiError(message === BAD_CREDENTIALS ? "token-refused" : "not-allowed", message);
  return new ApiError(status === 404 ? "not-found" : "failed", message);
}

/** The two shapes in which errors come. */
function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: string; errors?: { description?: string }[] };
    return body.errors?.map(({ description }) => description).join("; ") || body.message;
  } catch {
    // From something in between.
    return text.slice(0, 200) || undefined;
  }
}

function queryText(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of [value ?? []].flat()) params.append(name, String(item));
  }
  return params.size === 0 ? "" : `?${params}`;
}
