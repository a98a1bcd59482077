import type { ClientConfig } from "../config/client-config.ts";
import { type ErrorCode, errorMessage, HelveError } from "../errors.ts";
import { type HttpAnswer, sendHttp } from "../transport/send-http.ts";

/** Values of a query; lists stand once for each of their values, `undefined` is left out. */
export type Query = Record<string, string | number | boolean | Date | readonly string[] | undefined>;

/** HTTP statuses missing here are the engine's trouble, not the caller's. */
const CODES: Readonly<Partial<Record<number, ErrorCode>>> = {
  400: "invalid_argument",
  401: "permission_denied",
  403: "unauthenticated",
  404: "not_found",
  405: "unimplemented",
  409: "already_exists",
  429: "resource_exhausted",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** The engine's REST side, for what gRPC has no call for: lists and look-ups. */
export class RestClient {
  readonly #config: ClientConfig;

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  get tenantId(): string {
    return this.#config.tenant_id;
  }

  /** @param path below the base URL, beginning with `/` */
  get<Body>(path: string, query: Query = {}): Promise<Body> {
    return this.#send<Body>("GET", withQuery(path, query), undefined);
  }

  patch<Body>(path: string, body: unknown): Promise<Body> {
    return this.#send<Body>("PATCH", path, body);
  }

  delete(path: string): Promise<void> {
    return this.#send<void>("DELETE", path, undefined);
  }

  /** @throws HelveError with a code for the status, and what the engine says about it */
  async #send<Body>(method: string, path: string, body: unknown): Promise<Body> {
    const { api_url, token, request_timeout, tls_config } = this.#config;
    if (api_url === undefined) {
      const text = "no address of the engine's REST side: set HELVE_CLIENT_API_URL, or give { api_url } to init()";
      throw new HelveError("failed_precondition", text);
    }
    const url = api_url.replace(/\/+$/, "") + path;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = {
      method,
      headers,
      body: body === undefined ? body : JSON.stringify(body),
      timeoutMs: request_timeout,
    };
    let answer: HttpAnswer;
    try {
      answer = await sendHttp(url, request, tls_config);
    } catch (cause) {
      throw new HelveError("unavailable", `${method} ${url}: ${reasonOf(cause)}`, { cause });
    }
    const { status, text } = answer;
    if (status >= 200 && status < 300) return (text === "" ? undefined : JSON.parse(text)) as Body;
    throw new HelveError(CODES[status] ?? "internal", `${method} ${url}: ${status} ${describe(text)}`);
  }
}

function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const values = Array.isArray(value) ? (value as readonly string[]) : [value];
    for (const one of values) params.append(name, one instanceof Date ? one.toISOString() : String(one));
  }
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** `fetch` says "fetch failed" and keeps the reason for itself. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? errorMessage(error) : errorMessage(cause);
}

/** The engine answers errors as `{message}` or as `{errors: [{description}]}`. */
function describe(text: string): string {
  try {
    const body = JSON.parse(text) as { message?: string; errors?: { description?: string }[] };
    return body.message ?? body.errors?.map((error) => error.description ?? "").join("; ") ?? text;
  } catch {
    return text;
  }
}
