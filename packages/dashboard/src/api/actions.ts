import { queryOptions } from "@tanstack/react-query";
import type { Api } from "./api.ts";

/** Something that workers must be able to do. */
export interface Action {
  readonly action: string;
  /** Connected workers that can. */
  readonly workers: number;
  /** Tasks that wait for it, in line or in back-off. */
  readonly queued: number;
  /** Since when the oldest of them waits. */
  readonly oldest?: string;
  /** Whose newest version needs it; none when only tasks of older versions wait for it. */
  readonly workflows: readonly { readonly id: string; readonly name: string; readonly taskName: string }[];
}

export interface ActionList {
  readonly rows: readonly Action[];
  /** When it was so, by the engine's clock, in ms. */
  readonly atMs: number;
}

/** All that workflows need or tasks wait for, by name. */
export function actionsQuery(api: Api) {
  return queryOptions({
    queryKey: ["actions"],
    queryFn: async ({ signal }): Promise<ActionList> => {
      const { body, atMs } = await api.get<{ rows: Action[] }>(`tenants/${api.tenantId}/actions`, { signal });
      return { rows: body.rows, atMs };
    },
  });
}
