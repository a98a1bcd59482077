/** What the command line shares with the client: how requests to the engine's REST side are secured. */
export type { ClientTLSConfig } from "./config/client-config.ts";
export { resolveTls } from "./config/resolve-config.ts";
export { type HttpAnswer, type HttpRequest, sendHttp } from "./transport/send-http.ts";
