import { ActionIcon, Button, Group, Menu } from "@mantine/core";
import { DotsHorizontalIcon, ExitIcon, PauseIcon, PlayIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import type { Worker } from "../api/workers.ts";
import { isConnected, stateOf } from "../fleet/worker-state.ts";

/** What can be done with workers. Draining is a pause that somebody waits for. */
export type Order = "pause" | "drain" | "resume";

export const ORDERS = {
  pause: { title: "Pause", Icon: PauseIcon },
  drain: { title: "Drain", Icon: ExitIcon },
  resume: { title: "Resume", Icon: PlayIcon },
} as const;

export interface WorkerActionsProps {
  readonly worker: Worker;
  /** Why nothing can be done; undefined when it can. */
  readonly obstacle: string | undefined;
  readonly onOrder: (order: Order) => void;
}

/** What can be done with a worker now, as a menu. */
export function WorkerMenu({ worker, obstacle, onOrder }: WorkerActionsProps): ReactNode {
  const orders = ordersFor(worker);
  if (orders.length === 0) return null;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={`Actions for ${worker.name}`}
          disabled={obstacle !== undefined}
          {...(obstacle !== undefined && { title: obstacle })}
        >
          <DotsHorizontalIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {orders.map((order) => {
          const { Icon } = ORDERS[order];
          return (
            <Menu.Item key={order} leftSection={<Icon />} onClick={() => onOrder(order)}>
              {titleFor(worker, order)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The same as buttons, where there is room. */
export function WorkerButtons({ worker, obstacle, onOrder }: WorkerActionsProps): ReactNode {
  return (
    <Group gap="xs">
      {ordersFor(worker).map((order) => {
        const { Icon } = ORDERS[order];
        return (
          <Button
            key={order}
            size="compact-md"
            variant={order === "resume" ? "filled" : "default"}
            leftSection={<Icon />}
            disabled={obstacle !== undefined}
            {...(obstacle !== undefined && { title: obstacle })}
            onClick={() => onOrder(order)}
          >
            {titleFor(worker, order)}
          </Button>
        );
      })}
    </Group>
  );
}

function ordersFor(worker: Worker): Order[] {
  if (!isConnected(worker)) return [];
  const state = stateOf(worker);
  if (state === "quarantined") return ["resume"];
  if (state === "draining") return ["resume", "drain"];
  return state === "paused" ? ["resume"] : ["pause", "drain"];
}

function titleFor(worker: Worker, order: Order): string {
  const state = stateOf(worker);
  if (order === "resume" && state === "quarantined") return "Lift quarantine";
  return order === "drain" && state === "draining" ? "Tell me when it is idle" : ORDERS[order].title;
}
