import { type Running, serve } from "@helve/server";
import { freshDatabase } from "@helve/store/testing";

/** An engine with the dashboard as it is in the sources, which can go away and come back where it was. */
export interface TestEngine {
  readonly httpUrl: string;
  readonly grpcAddress: string;
  readonly token: string;
  readonly tenantId: string;
  /** Makes a token with less to it. */
  mintToken(scope: "worker" | "trigger" | "read"): Promise<string>;
  revoke(token: string): Promise<void>;
  /** Asks REST, below the tenant. */
  get<Body>(path: string): Promise<Body>;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startEngine(): Promise<TestEngine> {
  await buildDashboard();
  const database = await freshDatabase();
  const start = (ports: { grpcPort: number; httpPort: number }): Promise<Running> =>
    serve({ databaseUrl: database.url, logLevel: "silent", ...ports });
  let running: Running | undefined = await start({ grpcPort: 0, httpPort: 0 });
  const { httpUrl, grpcAddress, tenantId } = running;
  const token = await running.mintToken("test");
  const goAway = async () => {
    await running?.stop();
    running = undefined;
  };
  return {
    httpUrl,
    grpcAddress,
    token,
    tenantId,
    mintToken: (scope) => (running as Running).mintToken(scope, scope),
    async get<Body>(path: string) {
      const headers = { authorization: `Bearer ${token}` };
      return (await (await fetch(`${httpUrl}/api/v1/tenants/${tenantId}/${path}`, { headers })).json()) as Body;
    },
    async revoke(revoked) {
      const claims = JSON.parse(Buffer.from(revoked.split(".")[1] ?? "", "base64url").toString()) as {
        token_id: string;
      };
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${httpUrl}/api/v1/api-tokens/${claims.token_id}`, { method: "POST", headers });
      if (!answer.ok) throw new Error(`the token could not be revoked: ${answer.status}`);
    },
    goAway,
    async comeBack() {
      running = await start({ grpcPort: portOf(`grpc://${grpcAddress}`), httpPort: portOf(httpUrl) });
    },
    async close() {
      await goAway();
      await database.drop();
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** What `npm start` and `npm test` do first; nothing when it is as the sources are. */
async function buildDashboard(): Promise<void> {
  const script = new URL("../../../../scripts/bootstrap.mjs", import.meta.url).href;
  const { ensureDashboardBuilt } = (await import(script)) as { ensureDashboardBuilt(): Promise<boolean> };
  if (!(await ensureDashboardBuilt())) throw new Error("the dashboard does not build; see above");
}
