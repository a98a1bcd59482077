import { EmptyState, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError, useApi } from "../api/api.ts";
import { useLive } from "../api/live.ts";
import { heldTasksQuery } from "../api/tasks.ts";
import { workerQuery } from "../api/workers.ts";
import { HeldTasks } from "../components/held-tasks.tsx";
import { LinkButton, LinkText } from "../components/links.tsx";
import { Problem } from "../components/problem.tsx";
import { Quarantine } from "../components/quarantine.tsx";
import { Section } from "../components/section.tsx";
import { StateBadge } from "../components/state-badge.tsx";
import { WorkerButtons } from "../components/worker-actions.tsx";
import { WorkerDetails } from "../components/worker-details.tsx";
import { stateOf } from "../fleet/worker-state.ts";
import { useOrders } from "./use-orders.ts";

const route = getRouteApi("/workers/$workerId");

/** One worker: how it stands with it, what it is, and what it does now. */
export function WorkerPage(): ReactNode {
  const { workerId } = route.useParams();
  const { data, error } = useLive(workerQuery(useApi(), workerId));
  const { obstacle, give } = useOrders();
  if (!data) {
    if (!error) return <Loader />;
    return isUnknown(error) ? <Unknown id={workerId} /> : <Problem what="The worker could not be read" error={error} />;
  }
  const { worker, atMs } = data;
  const isQuarantined = stateOf(worker) === "quarantined";
  return (
    <Stack>
      <LinkText to="/workers" size="sm">
        All workers
      </LinkText>
      <Group justify="space-between">
        <div>
          <Group gap="sm">
            <Title order={1} size="h2" className="wraps">
              {worker.name}
            </Title>
            <StateBadge state={stateOf(worker)} />
          </Group>
          <Text size="sm" c="dimmed" ff="monospace">
            {worker.metadata.id}
          </Text>
        </div>
        {!isQuarantined && (
          <WorkerButtons worker={worker} obstacle={obstacle} onOrder={(order) => give(order, [worker])} />
        )}
      </Group>
      {obstacle !== undefined && (
        <Text size="sm" c="dimmed">
          {obstacle}
        </Text>
      )}
      {error && <Problem what="The worker could not be read again" error={error} />}
      {isQuarantined && <Quarantine worker={worker} obstacle={obstacle} onLift={() => give("resume", [worker])} />}
      <WorkerDetails worker={worker} atMs={atMs} />
      <Section title="Tasks it has now">
        <Held workerId={workerId} />
      </Section>
    </Stack>
  );
}

function Held({ workerId }: { workerId: string }): ReactNode {
  const { data, error } = useLive(heldTasksQuery(useApi(), workerId));
  if (data) return <HeldTasks tasks={data} />;
  return error ? <Problem what="Its tasks could not be read" error={error} /> : <Loader size="sm" />;
}

/** Of an id that is none the engine says so in other words than of one that nobody has. */
function isUnknown(error: Error): boolean {
  return error instanceof ApiError && (error.kind === "not-found" || error.message === "invalid worker id");
}

function Unknown({ id }: { id: string }): ReactNode {
  return (
    <EmptyState py="xl" title="There is no such worker" description={`No worker has the id ${id}.`}>
      <EmptyState.Actions>
        <LinkButton to="/workers" variant="default">
          To the workers
        </LinkButton>
      </EmptyState.Actions>
    </EmptyState>
  );
}
