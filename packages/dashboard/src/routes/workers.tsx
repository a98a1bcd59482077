import { EmptyState, Group, Loader, Pagination, Stack, Text, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { memo, type ReactNode, useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { useApi } from "../api/api.ts";
import { useLive } from "../api/live.ts";
import { type Worker, workersQuery } from "../api/workers.ts";
import { BulkButtons, type BulkOrder, ConfirmOrder } from "../components/bulk-orders.tsx";
import { LinkButton } from "../components/links.tsx";
import { NoWorkers } from "../components/no-workers.tsx";
import { Problem } from "../components/problem.tsx";
import { slotsText } from "../components/slots-meter.tsx";
import { WorkerFilters } from "../components/worker-filters.tsx";
import { WorkerCards, WorkerTable } from "../components/worker-list.tsx";
import { buildOf, sdkOf } from "../fleet/build-of.ts";
import { countText, spanText } from "../fleet/time-text.ts";
import {
  countStates,
  findWorkers,
  isJustLost,
  JUST_LOST_MS,
  labelsOf,
  type WorkerSearch,
} from "../fleet/worker-search.ts";
import { isConnected, slotsOf, sumSlots } from "../fleet/worker-state.ts";
import { useIsWide } from "./use-is-wide.ts";
import { useListKeys } from "./use-list-keys.ts";
import { useOrders } from "./use-orders.ts";

const route = getRouteApi("/workers");
const PAGE_ROWS = 50;

/** The fleet: who is there, how it stands with them, and pausing them. */
export function WorkersPage(): ReactNode {
  const { data, error } = useLive(workersQuery(useApi()));
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const nameRef = useRef<HTMLInputElement>(null);
  useListKeys(nameRef);
  const change = useCallback(
    (part: Change | ((before: WorkerSearch) => Change)) =>
      void navigate({
        search: (before) =>
          withoutUndefined({ ...before, page: undefined, ...(typeof part === "function" ? part(before) : part) }),
        replace: true,
      }),
    [navigate],
  );
  // A long list takes longer to draw than a letter to type, so it may come after it.
  const wanted = useDeferredValue(search);
  const found = useMemo(() => (data ? findWorkers(data.rows, wanted, data.atMs) : []), [data, wanted]);

  if (!data) return error ? <Problem what="The workers could not be read" error={error} /> : <Loader />;
  const { rows, atMs } = data;
  return (
    <Stack>
      <Group justify="space-between" align="baseline">
        <Title order={1} size="h2">
          Workers
        </Title>
        <Summary workers={rows} atMs={atMs} />
      </Group>
      {error && <Problem what="The workers could not be read again" error={error} />}
      {rows.length === 0 ? (
        <NoWorkers title="No worker has been here in the last day" />
      ) : (
        <>
          <WorkerFilters
            search={search}
            counts={countStates(rows, search)}
            labels={labelsOf(rows)}
            builds={known(rows, buildOf)}
            sdks={known(rows, sdkOf)}
            nameRef={nameRef}
            onChange={change}
          />
          <Found
            found={found}
            atMs={atMs}
            page={wanted.page ?? 1}
            isNarrowed={Object.keys(wanted).some((name) => name !== "page")}
            onChange={change}
          />
          <Hidden count={countStates(rows, wanted).lost - found.filter((one) => !isConnected(one)).length} />
        </>
      )}
    </Stack>
  );
}

/** What of the search is to be another; undefined takes it away. */
type Change = { [Name in keyof WorkerSearch]: WorkerSearch[Name] | undefined };

interface FoundProps {
  readonly found: readonly Worker[];
  readonly atMs: number;
  readonly page: number;
  readonly isNarrowed: boolean;
  readonly onChange: (part: (before: WorkerSearch) => Change) => void;
}

const Found = memo(function Found({ found, atMs, page, isNarrowed, onChange }: FoundProps): ReactNode {
  const orders = useOrders();
  const [asked, setAsked] = useState<BulkOrder>();
  const List = useIsWide() ? WorkerTable : WorkerCards;
  if (found.length === 0 && !isNarrowed) return <NoWorkers title="No worker is connected" />;
  if (found.length === 0) {
    return (
      <EmptyState
        py="xl"
        title="No worker is like that"
        description="Nobody of the last day matches what you have chosen."
      >
        <EmptyState.Actions>
          <LinkButton to="/workers" variant="default">
            Show all
          </LinkButton>
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  const pages = Math.ceil(found.length / PAGE_ROWS);
  const shown = Math.min(page, pages);
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="figures">
          {countText(found.length, "worker")} in this list
        </Text>
        <BulkButtons workers={found} obstacle={orders.obstacle} onAsk={setAsked} />
      </Group>
      {orders.obstacle !== undefined && (
        <Text size="sm" c="dimmed">
          {orders.obstacle}
        </Text>
      )}
      <List
        workers={found.slice((shown - 1) * PAGE_ROWS, shown * PAGE_ROWS)}
        atMs={atMs}
        obstacle={orders.obstacle}
        onOrder={(order, worker) => orders.give(order, [worker])}
        onPickLabel={(picked) => onChange(({ label = [] }) => ({ label: [...new Set([...label, picked])] }))}
      />
      {pages > 1 && (
        <Pagination
          total={pages}
          value={shown}
          onChange={(chosen) => onChange(() => ({ page: chosen === 1 ? undefined : chosen }))}
          getItemProps={(number) => ({ "aria-label": `Page ${number}` })}
          getControlProps={(control) => ({ "aria-label": `${control} page` })}
        />
      )}
      {asked && (
        <ConfirmOrder
          wanted={asked}
          onCancel={() => setAsked(undefined)}
          onConfirm={() => {
            orders.give(asked.order, asked.workers);
            setAsked(undefined);
          }}
        />
      )}
    </>
  );
});

function Summary({ workers, atMs }: { workers: readonly Worker[]; atMs: number }): ReactNode {
  const connected = workers.filter(isConnected);
  const lost = workers.filter((worker) => isJustLost(worker, atMs)).length;
  return (
    <Text size="sm" c="dimmed" className="figures">
      {connected.length} connected, {slotsText(sumSlots(connected.map(slotsOf)))} slots in use
      {lost > 0 && `, ${lost} lost in the last ${spanText(JUST_LOST_MS)}`}
    </Text>
  );
}

/** @param count of those that are not shown since they have been gone for some time */
function Hidden({ count }: { count: number }): ReactNode {
  if (count <= 0) return null;
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        {countText(count, "more worker")} of the last day {count === 1 ? "is" : "are"} not connected.
      </Text>
      <LinkButton to="/workers" search={{ state: ["lost"] }} variant="subtle" size="compact-sm">
        Show lost workers
      </LinkButton>
    </Group>
  );
}

function known(workers: readonly Worker[], of: (worker: Worker) => string | undefined): string[] {
  return [...new Set(workers.flatMap((worker) => of(worker) ?? []))].sort();
}

function withoutUndefined(search: object): WorkerSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && String(value) !== ""));
}
