/** A token that names these addresses; nothing checks its signature. */
export function unsignedToken(claims: { grpcAddress?: string; serverUrl?: string; tenantId?: string }): string {
  const payload = {
    sub: claims.tenantId ?? "11111111-1111-7111-8111-111111111111",
    grpc_broadcast_address: claims.grpcAddress,
    server_url: claims.serverUrl,
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encode({ alg: "none" })}.${encode(payload)}.none`;
}
