import { Notifications } from "@helve/store";
import type { OpenTransport } from "./hint-bus.ts";

const CHANNEL = "helve_hints";

/** Hints over LISTEN/NOTIFY, on a connection of their own. */
export function postgresHints(url: string): OpenTransport {
  return (onText, onGap) => new Notifications(url, CHANNEL, onText, onGap);
}
