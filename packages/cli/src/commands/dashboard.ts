import { type Command, command } from "../arguments/command.ts";
import { ENGINE_OPTIONS } from "../arguments/options.ts";
import { dashboardLink } from "../engine/dashboard-link.ts";
import { findEngine } from "../engine/find-engine.ts";
import { openRest } from "../engine/rest.ts";
import { DONE } from "../exit-codes.ts";

/** `helve dashboard`: the way to the dashboard. */
export const dashboard: Command = command({
  usage: "dashboard",
  about: `Prints a link that opens the dashboard of the engine, signed in. Whoever has the link may do what its token may; for one
that may only look: helve dashboard --token "$(helve token create --scope read)".`,
  options: ENGINE_OPTIONS,
  operands: { min: 0, max: 0 },
  async run({ values, io }) {
    const engine = await findEngine(values, io.env);
    // A link that leads nowhere, or with a token that is not accepted, helps nobody.
    await openRest(engine).get(`tenants/${engine.tenantId}`);
    io.out.write(`${dashboardLink(engine.apiUrl, engine.token)}\n`);
    return DONE;
  },
});
