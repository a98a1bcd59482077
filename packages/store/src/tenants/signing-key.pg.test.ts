import { afterAll, expect, test } from "vitest";
import { openDatabase } from "../db.ts";
import { freshDatabase } from "../testing/index.ts";
import { putSigningKey } from "./api-tokens.ts";

const database = await freshDatabase();
const db = openDatabase({ url: database.url, maxConnections: 3, applicationName: "signing-key" });
afterAll(async () => {
  await db.close();
  await database.drop();
});

const OTHERS_KEY = { name: "", text: "insert into signing_key (id, private_jwk) values ('of the other', '{}')" };
const WAITING = {
  name: "",
  text: "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
};

test("takes the key of a replica that is storing one at this moment", async () => {
  const putting = await db.transaction(async (other) => {
    await other.query(OTHERS_KEY);
    const own = putSigningKey(db, { id: "my own", privateJwk: {} });
    const isWaiting = expect.poll(() => db.query(WAITING)).toHaveLength(1);
    await Promise.race([own, isWaiting]);
    return { own };
  });
  expect((await putting.own).id).toBe("of the other");
  expect((await putSigningKey(db, { id: "a later one", privateJwk: {} })).id).toBe("of the other");
});
