import { Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { SdkRange } from "../api/engine.ts";

/** The published SDKs that the engine is made for. */
export function RangeTable({ ranges }: { ranges: readonly SdkRange[] }): ReactNode {
  return (
    <Stack gap="xs">
      <Table aria-label="Supported SDKs" w="auto" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>SDK</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Below</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranges.map(({ title, from, below }) => (
            <Table.Tr key={title}>
              <Table.Td>{title}</Table.Td>
              <Table.Td className="figures">{from}</Table.Td>
              <Table.Td className="figures">{below}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed">
        Helve's own SDK settles with the engine what both can do, and has no range.
      </Text>
    </Stack>
  );
}
