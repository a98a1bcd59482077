import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Worker } from "../api/workers.ts";
import { countText } from "../fleet/time-text.ts";
import { slotsOf, stateOf, sumSlots } from "../fleet/worker-state.ts";
import { ORDERS, type Order } from "./worker-actions.tsx";

/** Workers that an order is meant for, before somebody has said yes. */
export interface BulkOrder {
  readonly order: Order;
  readonly workers: readonly Worker[];
}

/** What can be done with all workers that are shown. */
export function BulkButtons({
  workers,
  obstacle,
  onAsk,
}: {
  workers: readonly Worker[];
  obstacle: string | undefined;
  onAsk: (wanted: BulkOrder) => void;
}): ReactNode {
  return (
    <Group gap="xs">
      {(["pause", "drain", "resume"] as const).map((order) => {
        const meant = workers.filter((worker) => isMeant(worker, order));
        const { title, Icon } = ORDERS[order];
        return (
          <Button
            key={order}
            size="compact-sm"
            variant="default"
            leftSection={<Icon />}
            disabled={obstacle !== undefined || meant.length === 0}
            title={obstacle ?? `${title} all workers of this list that it applies to`}
            onClick={() => onAsk({ order, workers: meant })}
          >
            {title} {meant.length}…
          </Button>
        );
      })}
    </Group>
  );
}

const SHOWN_NAMES = 8;

/** Asks whether these workers are meant, and says how many they are. */
export function ConfirmOrder({
  wanted,
  onConfirm,
  onCancel,
}: {
  wanted: BulkOrder;
  onConfirm: () => void;
  onCancel: () => void;
}): ReactNode {
  const { order, workers } = wanted;
  const { title, Icon } = ORDERS[order];
  const question = `${title} ${countText(workers.length, "worker")}`;
  const names = workers.slice(0, SHOWN_NAMES);
  return (
    <Modal opened onClose={onCancel} title={`${question}?`} centered>
      <Stack>
        <Text size="sm">{consequence(wanted)}</Text>
        <List size="sm">
          {names.map(({ name, metadata: { id } }) => (
            <List.Item key={id} className="wraps">
              {name}{" "}
              <Text span size="xs" c="dimmed" ff="monospace">
                {id.slice(0, 13)}…
              </Text>
            </List.Item>
          ))}
          {workers.length > names.length && <List.Item>and {workers.length - names.length} more</List.Item>}
        </List>
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button leftSection={<Icon />} onClick={onConfirm} data-autofocus>
            {question}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function isMeant(worker: Worker, order: Order): boolean {
  const state = stateOf(worker);
  if (state === "lost") return false;
  if (order === "resume") return state === "paused" || state === "draining" || state === "quarantined";
  return state === "fresh" || state === "late" || (order === "drain" && state === "draining");
}

function consequence({ order, workers }: BulkOrder): string {
  if (order === "resume") return "They are given work again. Quarantines are lifted too.";
  const { used } = sumSlots(workers.map(slotsOf));
  const running =
    used === undefined ? "What they have goes on" : `What they have goes on: ${countText(used, "task")} now`;
  return `They are given nothing new. ${running}.${order === "drain" ? " You are told when nothing is left." : ""}`;
}
