import { Group, Paper, Stack, Table, Text } from "@mantine/core";
import { Fragment, type ReactNode } from "react";
import type { Worker } from "../api/workers.ts";
import { buildOf } from "../fleet/build-of.ts";
import { slotsOf, stateOf } from "../fleet/worker-state.ts";
import { LinkText } from "./links.tsx";
import { Quarantine } from "./quarantine.tsx";
import { SlotsMeter } from "./slots-meter.tsx";
import { StateBadge } from "./state-badge.tsx";
import { type Order, WorkerMenu } from "./worker-actions.tsx";
import { Heard, Labels, Runtime, Sdk } from "./worker-facts.tsx";

export interface WorkerListProps {
  readonly workers: readonly Worker[];
  /** When they were so, by the engine's clock. */
  readonly atMs: number;
  /** Why no worker can be paused or resumed; undefined when they can. */
  readonly obstacle: string | undefined;
  readonly onOrder: (order: Order, worker: Worker) => void;
  readonly onPickLabel: (label: string) => void;
}

/** Workers as a table, for a screen that is wide enough. */
export function WorkerTable({ workers, atMs, obstacle, onOrder, onPickLabel }: WorkerListProps): ReactNode {
  return (
    <Table.ScrollContainer minWidth={940}>
      <Table verticalSpacing="xs" aria-label="Workers">
        <Table.Thead>
          <Table.Tr>
            {["State", "Worker", "Slots in use", "SDK", "Runtime", "Build", "Labels"].map((title) => (
              <Table.Th key={title} style={{ whiteSpace: "nowrap" }}>
                {title}
              </Table.Th>
            ))}
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.map((worker) => (
            <Fragment key={worker.metadata.id}>
              <Table.Tr {...(isQuarantined(worker) && { style: { borderBottom: 0 } })}>
                <Table.Td>
                  <StateBadge state={stateOf(worker)} />
                  <Heard worker={worker} atMs={atMs} />
                </Table.Td>
                <Table.Td maw={340}>
                  <WorkerName worker={worker} />
                </Table.Td>
                <Table.Td>
                  <SlotsMeter slots={slotsOf(worker)} />
                </Table.Td>
                <Table.Td>
                  <Sdk worker={worker} />
                </Table.Td>
                <Table.Td maw={200}>
                  <Runtime worker={worker} />
                </Table.Td>
                <Table.Td className="wraps" miw={104}>
                  {buildOf(worker)}
                </Table.Td>
                <Table.Td maw={280}>
                  <Labels worker={worker} onPick={onPickLabel} />
                </Table.Td>
                <Table.Td>
                  <WorkerMenu worker={worker} obstacle={obstacle} onOrder={(order) => onOrder(order, worker)} />
                </Table.Td>
              </Table.Tr>
              {isQuarantined(worker) && (
                <Table.Tr>
                  <Table.Td colSpan={8} pt={0}>
                    <Quarantine worker={worker} obstacle={obstacle} onLift={() => onOrder("resume", worker)} />
                  </Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The same, one below the other, for a phone. */
export function WorkerCards({ workers, atMs, obstacle, onOrder, onPickLabel }: WorkerListProps): ReactNode {
  return (
    <Stack gap="sm">
      {workers.map((worker) => (
        <Paper key={worker.metadata.id} component="article" withBorder p="sm" aria-label={worker.name}>
          <Stack gap="xs">
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Group gap="xs">
                <StateBadge state={stateOf(worker)} />
                <Heard worker={worker} atMs={atMs} />
              </Group>
              <WorkerMenu worker={worker} obstacle={obstacle} onOrder={(order) => onOrder(order, worker)} />
            </Group>
            <WorkerName worker={worker} />
            {isQuarantined(worker) && (
              <Quarantine worker={worker} obstacle={obstacle} onLift={() => onOrder("resume", worker)} />
            )}
            <SlotsMeter slots={slotsOf(worker)} />
            <Group gap="md">
              <Sdk worker={worker} />
              <Runtime worker={worker} />
              {buildOf(worker) && <Text size="sm">build {buildOf(worker)}</Text>}
            </Group>
            <Labels worker={worker} onPick={onPickLabel} />
          </Stack>
        </Paper>
      ))}
    </Stack>
  );
}

function isQuarantined(worker: Worker): boolean {
  return stateOf(worker) === "quarantined";
}

/** The name leads to the worker's page. Copies share one, so the id stands below. */
function WorkerName({ worker: { name, metadata } }: { worker: Worker }): ReactNode {
  return (
    <>
      <LinkText to="/workers/$workerId" params={{ workerId: metadata.id }} fw={600} className="wraps" data-line>
        {name}
      </LinkText>
      <Text size="xs" c="dimmed" ff="monospace">
        {metadata.id}
      </Text>
    </>
  );
}
