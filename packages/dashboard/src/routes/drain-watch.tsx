import { notifications } from "@mantine/notifications";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import { useApi } from "../api/api.ts";
import { useLive } from "../api/live.ts";
import { type Worker, type WorkerList, workersQuery } from "../api/workers.ts";
import { type DrainProgress, drainProgress } from "../fleet/drain.ts";
import { countText } from "../fleet/time-text.ts";
import { slotsOf, sumSlots } from "../fleet/worker-state.ts";

const Context = createContext<(ids: readonly string[]) => void>(() => {});

/** Begins to watch paused workers: a notice says how far they are, on every page, until they can be stopped. */
export function useDrainWatch(): (ids: readonly string[]) => void {
  return useContext(Context);
}

interface Drain {
  readonly noticeId: string;
  readonly ids: readonly string[];
}

export function DrainWatch({ children }: { children: ReactNode }): ReactNode {
  const [drains, setDrains] = useState<readonly Drain[]>([]);
  const forget = useCallback(
    (noticeId: string) => setDrains((known) => known.filter((drain) => drain.noticeId !== noticeId)),
    [],
  );
  const watch = useCallback(
    (ids: readonly string[]) => {
      const noticeId = notifications.show({
        loading: true,
        autoClose: false,
        title: `Draining ${countText(ids.length, "worker")}`,
        message: "Asking what is left.",
        onClose: (notice) => forget(notice.id as string),
      });
      setDrains((known) => [...known, { noticeId, ids }]);
    },
    [forget],
  );
  return (
    <Context.Provider value={watch}>
      {children}
      {drains.map((drain) => (
        <OneDrain key={drain.noticeId} {...drain} onEnd={forget} />
      ))}
    </Context.Provider>
  );
}

function OneDrain({ noticeId, ids, onEnd }: Drain & { onEnd: (noticeId: string) => void }): ReactNode {
  const { data } = useLive(workersQuery(useApi()));
  const [sinceMs] = useState(() => data?.atMs ?? 0);
  useEffect(() => {
    if (!data || !isNewer(data, sinceMs)) return;
    const progress = drainProgress(ids, data.rows);
    const isOver = progress.busy.length === 0;
    notifications.update({
      id: noticeId,
      loading: !isOver,
      autoClose: false,
      color: progress.drained.length > 0 ? "green" : "gray",
      title: isOver ? "Drained" : `Draining ${countText(ids.length, "worker")}`,
      message: progressText(progress),
    });
    if (isOver) onEnd(noticeId);
  }, [data, ids, noticeId, sinceMs, onEnd]);
  return null;
}

/** What was asked for before the order tells of slots that fill up meanwhile. */
function isNewer({ atMs }: WorkerList, sinceMs: number): boolean {
  return atMs > sinceMs;
}

function progressText({ busy, drained, gone, resumed }: DrainProgress): string {
  const { used } = sumSlots(busy.map(slotsOf));
  return [
    busy.length > 0 && `${namesOf(busy)} ${busy.length === 1 ? "has" : "have"} ${tasksText(used)} left.`,
    drained.length > 0 && `${namesOf(drained)} can be stopped.`,
    gone > 0 && `${countText(gone, "worker")} went away.`,
    resumed > 0 && `${countText(resumed, "worker")} ${resumed === 1 ? "was" : "were"} resumed.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The first names, and how many more there are. */
function namesOf(workers: readonly Worker[]): string {
  const names = workers.slice(0, 3).map(({ name }) => name);
  return names.join(", ") + (workers.length > names.length ? ` and ${workers.length - names.length} more` : "");
}

function tasksText(used: number | undefined): string {
  return used === undefined ? "tasks" : countText(used, "task");
}
