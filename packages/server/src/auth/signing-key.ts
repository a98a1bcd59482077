import { randomBytes } from "node:crypto";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

/** Tokens are signed with ECDSA over P-256. Clients do not look; other replicas do. */
export const TOKEN_ALGORITHM = "ES256";

/** The key pair of an installation. All its replicas share one, through the database. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** A signing key as it is stored. */
export interface StoredSigningKey {
  id: string;
  privateJwk: object;
}

/** Makes a key pair, to be stored. Its id is four random bytes, which is what the `kid` of a token holds. */
export async function newSigningKey(): Promise<StoredSigningKey> {
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true });
  return { id: randomBytes(4).toString("base64url"), privateJwk: await exportJWK(privateKey) };
}

/** Reads a stored key pair. */
export async function readSigningKey({ id, privateJwk }: StoredSigningKey): Promise<SigningKey> {
  const { d: _secret, ...publicJwk } = privateJwk as JWK;
  const [privateKey, publicKey] = await Promise.all([
    importJWK(privateJwk as JWK, TOKEN_ALGORITHM),
    importJWK(publicJwk, TOKEN_ALGORITHM),
  ]);
  return { id, privateKey: privateKey as CryptoKey, publicKey: publicKey as CryptoKey };
}
