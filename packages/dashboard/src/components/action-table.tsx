import { Paper, Stack, Table, Text } from "@mantine/core";
import { CheckCircledIcon, ExclamationTriangleIcon, MinusCircledIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import type { Action } from "../api/actions.ts";
import { isUnserved } from "../fleet/action-order.ts";
import { countText, spanText } from "../fleet/time-text.ts";
import { Mark } from "./mark.tsx";

export interface ActionListProps {
  readonly actions: readonly Action[];
  /** When they were so, by the engine's clock. */
  readonly atMs: number;
}

/** Actions as a table, for a screen that is wide enough. */
export function ActionTable({ actions, atMs }: ActionListProps): ReactNode {
  return (
    <Table verticalSpacing="xs" aria-label="Actions">
      <Table.Thead>
        <Table.Tr>
          {["Served", "Action", "Tasks waiting", "Workflows that need it"].map((title) => (
            <Table.Th key={title}>{title}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {actions.map((action) => (
          <Table.Tr key={action.action}>
            <Table.Td>
              <Served action={action} />
            </Table.Td>
            <Table.Td className="wraps">{action.action}</Table.Td>
            <Table.Td className="figures">{waitText(action, atMs)}</Table.Td>
            <Table.Td className="wraps">{workflowText(action)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** The same, one below the other, for a phone. */
export function ActionCards({ actions, atMs }: ActionListProps): ReactNode {
  return (
    <Stack gap="sm">
      {actions.map((action) => (
        <Paper key={action.action} component="article" withBorder p="sm" aria-label={action.action}>
          <Stack gap={6} align="flex-start">
            <Served action={action} />
            <Text fw={600} className="wraps">
              {action.action}
            </Text>
            <Text size="sm" className="figures">
              Waiting: {waitText(action, atMs)}
            </Text>
            <Text size="sm" className="wraps">
              For: {workflowText(action)}
            </Text>
          </Stack>
        </Paper>
      ))}
    </Stack>
  );
}

function Served({ action }: { action: Action }): ReactNode {
  if (!isUnserved(action))
    return <Mark color="green" Icon={CheckCircledIcon} text={countText(action.workers, "worker")} />;
  const isUrgent = action.queued > 0;
  return (
    <Mark
      color={isUrgent ? "red" : "gray"}
      Icon={isUrgent ? ExclamationTriangleIcon : MinusCircledIcon}
      text="no worker"
    />
  );
}

function waitText({ queued, oldest }: Action, atMs: number): string {
  if (queued === 0) return "none";
  const span = oldest === undefined ? "" : `, the oldest for ${spanText(Math.max(0, atMs - Date.parse(oldest)))}`;
  return `${queued}${span}`;
}

function workflowText({ workflows }: Action): string {
  if (workflows.length === 0) return "tasks of older versions alone";
  return [...new Set(workflows.map(({ name, taskName }) => `${name} (${taskName})`))].join(", ");
}
