import { Divider, Group as Row, Stack, Table, Text } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import { Fragment, type ReactNode } from "react";
import { countText } from "../fleet/time-text.ts";
import type { BuildGroup, Group, SdkGroup } from "../fleet/version-groups.ts";
import { NONE, type WorkerSearch } from "../fleet/worker-search.ts";
import { WORKER_STATES } from "../fleet/worker-state.ts";
import { LinkText } from "./links.tsx";
import { SlotsMeter } from "./slots-meter.tsx";
import { StateBadge } from "./state-badge.tsx";

/** Workers of one version. */
export interface VersionLine {
  readonly name: string;
  readonly detail: string;
  readonly problem: string | undefined;
  readonly group: Group;
  /** What the list of workers is narrowed by behind the link. */
  readonly search: WorkerSearch;
}

export function sdkLines(groups: readonly SdkGroup[]): VersionLine[] {
  return groups.map(({ sdk, runtime, problem, ...group }) => ({
    name: sdk ?? "no SDK named",
    detail: runtime ?? "none named",
    problem,
    group,
    search: { sdk: sdk ?? NONE, runtime: runtime ?? NONE },
  }));
}

export function buildLines(groups: readonly BuildGroup[]): VersionLine[] {
  return groups.map(({ build, sdks, ...group }) => ({
    name: build ?? "no build named",
    detail: sdks.join(", "),
    problem: undefined,
    group,
    search: { build: build ?? NONE },
  }));
}

export interface VersionListProps {
  readonly label: string;
  /** What name and detail are. */
  readonly titles: readonly [name: string, detail: string];
  readonly lines: readonly VersionLine[];
}

/** Versions as a table, for a screen that is wide enough. */
export function VersionTable({ label, titles, lines }: VersionListProps): ReactNode {
  return (
    <Table aria-label={label} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {[...titles, "Workers", "Slots in use", "States"].map((title) => (
            <Table.Th key={title}>{title}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line) => (
          <Table.Tr key={keyOf(line)}>
            <Table.Td maw={420}>
              <Name line={line} />
            </Table.Td>
            <Table.Td maw={280}>{line.detail}</Table.Td>
            <Table.Td>
              <Members line={line} />
            </Table.Td>
            <Table.Td>
              <SlotsMeter slots={line.group.slots} />
            </Table.Td>
            <Table.Td>
              <States line={line} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** The same, one below the other, for a phone. */
export function VersionStack({ lines }: VersionListProps): ReactNode {
  return (
    <Stack gap="sm">
      {lines.map((line, at) => (
        <Fragment key={keyOf(line)}>
          {at > 0 && <Divider />}
          <Stack gap={6}>
            <Row justify="space-between" wrap="nowrap" align="flex-start">
              <Name line={line} />
              <Members line={line} />
            </Row>
            <Text size="sm" className="wraps">
              {line.detail}
            </Text>
            <SlotsMeter slots={line.group.slots} />
            <States line={line} />
          </Stack>
        </Fragment>
      ))}
    </Stack>
  );
}

function Name({ line: { name, problem } }: { line: VersionLine }): ReactNode {
  return (
    <div>
      <Text size="sm" fw={500} className="wraps">
        {name}
      </Text>
      {problem !== undefined && (
        <Row gap={6} wrap="nowrap" align="flex-start">
          <ExclamationTriangleIcon color="var(--mantine-color-orange-text)" style={{ flexShrink: 0, marginTop: 2 }} />
          <Text size="xs">{problem}</Text>
        </Row>
      )}
    </div>
  );
}

/** Those that are counted; the list would have lost ones as well. */
const CONNECTED = WORKER_STATES.filter((state) => state !== "lost");

function Members({ line: { group, search } }: { line: VersionLine }): ReactNode {
  return (
    <LinkText to="/workers" search={{ ...search, state: CONNECTED }} size="sm" style={{ whiteSpace: "nowrap" }}>
      {countText(group.workers, "worker")}
    </LinkText>
  );
}

function States({ line: { group } }: { line: VersionLine }): ReactNode {
  return (
    <Row gap={6}>
      {group.states.map(([state, count]) => (
        <StateBadge key={state} state={state} count={count} />
      ))}
    </Row>
  );
}

function keyOf({ name, detail }: VersionLine): string {
  return JSON.stringify([name, detail]);
}
