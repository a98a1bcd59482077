import { Kbd, Modal, Table } from "@mantine/core";
import type { ReactNode } from "react";

const KEYS = [
  [["1"], "Workers"],
  [["2"], "Versions"],
  [["3"], "Actions"],
  [["/"], "search in the list"],
  [["j", "k"], "next and previous line"],
  [["Enter"], "open it"],
  [["?"], "this help"],
] as const;

/** What keys do. */
export function KeyHelp({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="Keys" size="sm" centered>
      <Table aria-label="Keys">
        <Table.Tbody>
          {KEYS.map(([keys, meaning]) => (
            <Table.Tr key={meaning}>
              <Table.Td>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
