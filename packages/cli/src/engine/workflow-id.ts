import { CommandError } from "../exit-codes.ts";
import { printable } from "../terminal/style.ts";
import type { Rest } from "./rest.ts";

/** Lists are narrowed by id. Registered names are in lower case where a client lowers them, so either is looked for. */
export async function workflowIdOf(rest: Rest, name: string): Promise<string> {
  type Workflow = { name: string; metadata: { id: string } };
  const { rows = [] } = await rest.get<{ rows?: Workflow[] }>(`tenants/${rest.tenantId}/workflows`, {
    name,
    limit: 200,
  });
  const found = rows.find((one) => one.name === name) ?? rows.find((one) => one.name === name.toLowerCase());
  if (!found) throw new CommandError(`there is no workflow '${printable(name)}'`);
  return found.metadata.id;
}
