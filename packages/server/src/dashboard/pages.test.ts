import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerCors } from "../rest/cors.ts";
import { answerUnknownRoutes } from "../rest/errors.ts";
import { dashboardPages } from "./pages.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "helve-pages-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), '<p nonce="HELVE_CSP_NONCE">the page</p><p nonce="HELVE_CSP_NONCE"></p>');
  await writeFile(join(folder, "assets", "index-1a2b.js"), "1;");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What stands around the pages in the REST server, with one route of the API. */
function serverWith(file: string | undefined) {
  const app = Fastify();
  answerUnknownRoutes(app, (request, reply) => sendPage(request, reply));
  answerCors(app, undefined);
  const sendPage = dashboardPages(app, file);
  app.get("/api/v1/things", () => ({}));
  return app;
}

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const browse = (url: string, method: "GET" | "POST" = "GET") =>
  serverWith(join(folder, "index.html")).inject({ method, url, headers: BROWSER });

describe("the dashboard", () => {
  it.each(["/", "/workers", "/workers/0198?state=late", "/no/such/page"])("is one page, at %s too", async (url) => {
    const { statusCode, body, headers } = await browse(url);
    expect([statusCode, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(headers["cache-control"]).toBe("no-cache");
    expect(body).toContain("the page");
  });

  it("may load its own files alone, with a nonce that no other answer has", async () => {
    const policies = new Set<unknown>();
    for (const answer of [await browse("/"), await browse("/")]) {
      const policy = String(answer.headers["content-security-policy"]);
      const [, nonce] = /'nonce-([^']{20,})'/.exec(policy) ?? [];
      expect(answer.body).toBe(`<p nonce="${nonce}">the page</p><p nonce="${nonce}"></p>`);
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(answer.headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
      });
      policies.add(policy);
    }
    expect(policies.size).toBe(2);
  });

  it("has files that may be kept for a year, as their names change with their content", async () => {
    const { statusCode, headers } = await browse("/assets/index-1a2b.js");
    expect([statusCode, headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect((await browse("/assets/index-3c4d.js")).statusCode).toBe(404);
    expect((await browse("/assets/..%2findex.html")).statusCode).toBe(404);
  });

  it("leaves the API its answers, whatever a client accepts", async () => {
    expect((await browse("/api/v1/things")).json()).toEqual({});
    expect((await browse("/api/v1/nothing")).json()).toEqual({ message: "there is no /api/v1/nothing" });
    expect((await browse("/api/v1/things", "POST")).statusCode).toBe(405);
    expect((await browse("/workers", "POST")).statusCode).toBe(404);
  });

  it("leaves programs, which do not ask for pages, the answer that there is nothing", async () => {
    const { statusCode, body } = await serverWith(join(folder, "index.html")).inject("/metrics");
    expect([statusCode, body]).toEqual([404, '{"message":"there is no /metrics"}']);
  });
});

it("an engine whose dashboard was not built says so", async () => {
  const app = serverWith(undefined);
  const { statusCode, body } = await app.inject({ url: "/", headers: BROWSER });
  expect([statusCode, body]).toEqual([404, expect.stringContaining("the dashboard is not built: run npm run build")]);
  expect((await app.inject({ url: "/workers", headers: BROWSER })).statusCode).toBe(404);
});
