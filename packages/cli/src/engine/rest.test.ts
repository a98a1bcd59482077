import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { openRest } from "./rest.ts";

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** A server that gives one answer, and the requests it got. */
async function answering(
  status: number,
  body: string,
): Promise<{ apiUrl: string; requests: IncomingMessage[]; bodies: string[] }> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  server = createServer(async (request, response) => {
    requests.push(request);
    bodies.push(await text(request));
    response.writeHead(status, { connection: "close" }).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, bodies };
}

const open = (apiUrl: string) => openRest({ token: "secret", tenantId: "tenant", apiUrl, source: "/data/token" });

describe("the API", () => {
  it("is asked with the token, a list as repeated parameters, and what is undefined left out", async () => {
    const { apiUrl, requests } = await answering(200, '{"n":1}');
    expect(await open(apiUrl).get("things", { a: ["x", "y"], b: false, c: undefined })).toEqual({ n: 1 });
    expect(requests[0]?.url).toBe("/api/v1/things?a=x&a=y&b=false");
    expect(requests[0]?.headers.authorization).toBe("Bearer secret");
  });

  it("is sent a body as JSON", async () => {
    const { apiUrl, requests, bodies } = await answering(200, "");
    expect(await open(apiUrl).post("things", { n: 1 })).toBeUndefined();
    expect(requests[0]?.headers["content-type"]).toBe("application/json");
    expect(bodies).toEqual(['{"n":1}']);
  });

  it.each([
    [400, '{"errors":[{"description":"priority must be between 1 and 3"}]}', "the engine refused: priority must be"],
    [404, '{"message":"not found"}', "the engine refused: not found"],
    [500, "", "the engine refused: status 500"],
    [502, "<html>bad gateway</html>", "the engine refused: <html>bad gateway</html>"],
    [403, '{"message":"Please provide valid credentials"}', "does not accept the token of /data/token"],
  ])("turns a refusal with %d into a sentence", async (status, body, message) => {
    const { apiUrl } = await answering(status, body);
    await expect(open(apiUrl).get("things")).rejects.toThrow(message);
  });

  it("says where nobody listens", async () => {
    const { apiUrl } = await answering(200, "");
    await new Promise((resolve) => server?.close(resolve));
    await expect(open(apiUrl).get("things")).rejects.toThrow(
      `no engine at ${apiUrl}, where the token of /data/token points: nothing listens there; is it running?`,
    );
  });
});
