import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { TaskList } from "../api/tasks.ts";
import { spanText } from "../fleet/time-text.ts";

/** The tasks that a worker has, and for how long. */
export function HeldTasks({ tasks: { rows, hasMore, atMs } }: { tasks: TaskList }): ReactNode {
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It has none.
      </Text>
    );
  }
  return (
    <>
      <Table.ScrollContainer minWidth={520}>
        <Table aria-label="Tasks it has now" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Task</Table.Th>
              <Table.Th>Workflow</Table.Th>
              <Table.Th>Running for</Table.Th>
              <Table.Th>Attempt</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ taskExternalId, displayName, workflowName, startedAt, attempt }) => (
              <Table.Tr key={taskExternalId}>
                <Table.Td>
                  <Text size="sm" className="wraps">
                    {displayName}
                  </Text>
                  <Text size="xs" c="dimmed" ff="monospace">
                    {taskExternalId}
                  </Text>
                </Table.Td>
                <Table.Td className="wraps">{workflowName}</Table.Td>
                <Table.Td className="figures">
                  {startedAt === undefined ? "not begun" : spanText(Math.max(0, atMs - Date.parse(startedAt)))}
                </Table.Td>
                <Table.Td className="figures">{attempt}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {hasMore && (
        <Text size="sm" c="dimmed">
          The newest {rows.length} are shown; there are more.
        </Text>
      )}
    </>
  );
}
