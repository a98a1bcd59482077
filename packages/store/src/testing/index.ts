export { freePort } from "../embedded/free-port.ts";
export { type FreshDatabase, freshDatabase, TEST_SERVER_URL } from "./fresh-database.ts";
