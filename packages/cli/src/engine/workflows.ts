import { CommandError } from "../exit-codes.ts";
import { printable } from "../terminal/style.ts";
import type { Rest } from "./rest.ts";

/** A workflow of the API, as far as it is looked at. */
export interface Workflow {
  name: string;
  metadata: { id: string; createdAt: string };
  isPaused?: boolean;
}

/** Registered names are in lower case where a client lowers them, so either is looked for. @throws CommandError */
export async function findWorkflow(rest: Rest, name: string): Promise<Workflow> {
  const { rows = [] } = await rest.get<{ rows?: Workflow[] }>(`tenants/${rest.tenantId}/workflows`, {
    name,
    limit: 200,
  });
  const found = rows.find((one) => one.name === name) ?? rows.find((one) => one.name === name.toLowerCase());
  if (!found) throw new CommandError(`there is no workflow '${printable(name)}'`);
  return found;
}

/** Lists are narrowed by id. */
export async function workflowIdOf(rest: Rest, name: string): Promise<string> {
  return (await findWorkflow(rest, name)).metadata.id;
}
