/** What a token says of itself. Only the engine can check it; here it saves questions. */
export interface Claims {
  readonly tenantId: string;
  /** A token without the claim is older than scopes and may do all. */
  readonly scope: string;
  readonly expiresAt: Date | undefined;
}

/** @returns undefined when the text is no token, or one that was cut */
export function readClaims(token: string): Claims | undefined {
  try {
    const [, payload = "", signature] = token.split(".");
    if (!signature) return undefined;
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    const { sub, scope = "admin", exp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof sub !== "string" || sub === "") return undefined;
    const expiresAt = typeof exp === "number" ? new Date(exp * 1000) : undefined;
    return { tenantId: sub, scope: String(scope), expiresAt };
  } catch {
    // Neither base64 nor JSON.
    return undefined;
  }
}

/** Whether a scope may pause workers and let them go on; the engine's table of permissions says the same. */
export function mayPause(scope: string): boolean {
  return scope === "admin" || scope === "worker";
}
