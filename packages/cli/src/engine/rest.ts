import { sendHttp } from "@helve/sdk/http";
import { CommandError } from "../exit-codes.ts";
import type { EngineAddress } from "./find-engine.ts";

/** The API of one tenant, as this program uses it. */
export interface Rest {
  readonly tenantId: string;
  /** @param path behind `/api/v1/` @throws CommandError in one sentence */
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  patch<Answer>(path: string, body: unknown): Promise<Answer>;
}

/** What is undefined is left out; a list is given once for each item. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

const TIMEOUT_MS = 30_000;

export function openRest({ token, tenantId, apiUrl, source, tls = {} }: EngineAddress): Rest {
  async function call<Answer>(method: string, path: string, query: Query, body?: unknown): Promise<Answer> {
    const request = {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      body: body === undefined ? body : JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
    };
    const url = `${apiUrl}/api/v1/${path}${queryText(query)}`;
    const { status, text } = await sendHttp(url, request, tls).catch((error: unknown) => {
      throw unreachable(apiUrl, source, error);
    });
    if (status < 200 || status > 299) throw refused(status, text, apiUrl, source);
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }
  return {
    tenantId,
    get: (path, query = {}) => call("GET", path, query),
    post: (path, body) => call("POST", path, {}, body),
    patch: (path, body) => call("PATCH", path, {}, body),
  };
}

function queryText(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of [value].flat()) params.append(name, String(item));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

function unreachable(apiUrl: string, source: string, error: unknown): CommandError {
  if ((error as Error).name === "TimeoutError") {
    return new CommandError(`the engine at ${apiUrl} did not answer within ${TIMEOUT_MS / 1000} s`);
  }
  // `fetch` keeps the reason to itself.
  const cause = ((error as Error).cause ?? error) as { code?: string; message?: string };
  const reason = cause.code === "ECONNREFUSED" ? "nothing listens there" : (cause.message ?? String(error));
  return new CommandError(`no engine at ${apiUrl}, where the token of ${source} points: ${reason}; is it running?`);
}

/** Whatever is wrong with a token. Of a good one that is not for this, the engine says what it is for. */
const BAD_CREDENTIALS = "Please provide valid credentials";

function refused(status: number, text: string, apiUrl: string, source: string): CommandError {
  const message = messageOf(text);
  if (status === 401 && message?.startsWith("a certificate"))
    return new CommandError(`the engine at ${apiUrl}: ${message}`);
  if (status === 401 || (status === 403 && (message === undefined || message === BAD_CREDENTIALS))) {
    return new CommandError(
      `the engine at ${apiUrl} does not accept the token of ${source}: it is revoked, expired or another engine's`,
    );
  }
  return new CommandError(`the engine refused: ${message ?? `status ${status}`}`);
}

/** The two shapes in which errors come. */
function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: string; errors?: { description?: string }[] };
    return body.errors?.map((error) => error.description).join("; ") || body.message;
  } catch {
    return text.slice(0, 200) || undefined;
  }
}
