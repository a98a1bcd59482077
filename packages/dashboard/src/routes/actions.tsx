import { EmptyState, Loader, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { actionsQuery } from "../api/actions.ts";
import { useApi } from "../api/api.ts";
import { useLive } from "../api/live.ts";
import { ActionCards, ActionTable } from "../components/action-table.tsx";
import { Command } from "../components/command.tsx";
import { Problem } from "../components/problem.tsx";
import { byUrgency, isUnserved } from "../fleet/action-order.ts";
import { useIsWide } from "./use-is-wide.ts";

const route = getRouteApi("/actions");

/** What stands in the address: all actions, or those alone that no connected worker has. */
export interface ActionSearch {
  readonly show?: "all";
}

export function readActionSearch({ show }: Readonly<Record<string, unknown>>): ActionSearch {
  return show === "all" ? { show } : {};
}

/** What workers must be able to do, and whether any can. */
export function ActionsPage(): ReactNode {
  const { data, error } = useLive(actionsQuery(useApi()));
  const { show } = route.useSearch();
  const navigate = route.useNavigate();
  const List = useIsWide() ? ActionTable : ActionCards;
  if (!data) return error ? <Problem what="The actions could not be read" error={error} /> : <Loader />;
  const { rows, atMs } = data;
  const unserved = rows.filter(isUnserved);
  const shown = byUrgency(show === "all" ? rows : unserved);
  return (
    <Stack align="stretch">
      <Title order={1} size="h2">
        Actions
      </Title>
      <Text size="sm" c="dimmed">
        What workers must be able to do. Tasks for an action that no connected worker has wait until one comes.
      </Text>
      {error && <Problem what="The actions could not be read again" error={error} />}
      <SegmentedControl
        aria-label="Which actions"
        value={show ?? "unserved"}
        onChange={(chosen) => navigate({ search: readActionSearch({ show: chosen }), replace: true })}
        data={[
          { value: "unserved", label: `Without a worker ${unserved.length}` },
          { value: "all", label: `All ${rows.length}` },
        ]}
        w="fit-content"
      />
      {shown.length > 0 ? (
        <List actions={shown} atMs={atMs} />
      ) : rows.length > 0 ? (
        <EmptyState py="xl" title="Every action has a connected worker" />
      ) : (
        <EmptyState
          py="xl"
          title="No workflow is registered"
          description="Workers register their workflows when they start. This starts one:"
        >
          <EmptyState.Actions>
            <Command text="npx helve worker run -- node worker.js" />
          </EmptyState.Actions>
        </EmptyState>
      )}
    </Stack>
  );
}
