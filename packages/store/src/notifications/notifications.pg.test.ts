import { connect, createServer, type Server } from "node:net";
import { afterAll, expect, test } from "vitest";
import { freshDatabase } from "../testing/index.ts";
import { Notifications } from "./notifications.ts";

const database = await freshDatabase();
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await database.drop();
});

/** A way to the database whose connections of now can become half open: nothing that is sent arrives any more. */
async function throughLink(): Promise<{ url: string; swallow(): void }> {
  const target = new URL(database.url);
  const host = target.searchParams.get("host");
  const port = Number(target.port);
  const links = new Set<{ isSwallowed: boolean }>();
  const server: Server = createServer((near) => {
    const link = { isSwallowed: false };
    links.add(link);
    const far = host ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, target.hostname);
    near.on("data", (part) => link.isSwallowed || far.write(part));
    far.on("data", (part) => link.isSwallowed || near.write(part));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => link.isSwallowed || other.destroy());
    }
    closers.push(
      () => near.destroy(),
      () => far.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  const address = server.address();
  target.searchParams.delete("host");
  target.hostname = "127.0.0.1";
  target.port = `${typeof address === "object" ? address?.port : 0}`;
  return {
    url: target.href,
    swallow() {
      for (const link of links) link.isSwallowed = true;
    },
  };
}

test("gives up a connection that is half open, and tells that something may have been missed", async () => {
  const link = await throughLink();
  const heard: string[] = [];
  let gaps = 0;
  const notifications = new Notifications(
    link.url,
    "half_open",
    (text) => heard.push(text),
    () => gaps++,
    200,
  );
  await notifications.start();
  closers.push(() => notifications.stop());
  await notifications.send("before");
  await expect.poll(() => heard).toEqual(["before"]);

  link.swallow();
  await notifications.send("lost");
  await expect.poll(() => gaps, { timeout: 5_000 }).toBe(1);
  await notifications.send("after");
  await expect.poll(() => heard).toEqual(["before", "after"]);
});
