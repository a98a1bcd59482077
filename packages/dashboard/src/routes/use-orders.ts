import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../api/api.ts";
import { pauseMutation, type Worker } from "../api/workers.ts";
import type { Order } from "../components/worker-actions.tsx";
import { countText } from "../fleet/time-text.ts";
import { mayPause } from "../session/claims.ts";
import { useDrainWatch } from "./drain-watch.tsx";

export interface Orders {
  /** Why nothing can be ordered; undefined when it can. */
  readonly obstacle: string | undefined;
  give(order: Order, workers: readonly Worker[]): void;
}

/** Carries out what a person orders, and tells of it when it fails. */
export function useOrders(): Orders {
  const api = useApi();
  const { mutate } = useMutation(pauseMutation(api, useQueryClient()));
  const watch = useDrainWatch();
  return {
    obstacle: mayPause(api.scope)
      ? undefined
      : `This token has the scope ${api.scope}; to pause and resume workers takes worker or admin.`,
    give(order, workers) {
      const ids = workers.map(({ metadata: { id } }) => id);
      const who = workers.length === 1 ? workers[0]?.name : countText(workers.length, "worker");
      mutate(
        { ids, isPaused: order !== "resume" },
        {
          onSuccess: () => order === "drain" && watch(ids),
          onError: ({ message }) =>
            notifications.show({ color: "red", autoClose: false, title: `Could not ${order} ${who}`, message }),
        },
      );
    },
  };
}
