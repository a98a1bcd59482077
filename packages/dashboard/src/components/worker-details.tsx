import { Alert, Badge, DataList, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import type { Worker } from "../api/workers.ts";
import { buildOf, runtimeOf, sdkOf } from "../fleet/build-of.ts";
import { spanText } from "../fleet/time-text.ts";
import { silenceMs, slotsOf } from "../fleet/worker-state.ts";
import { Section } from "./section.tsx";
import { SlotsMeter } from "./slots-meter.tsx";

/** Everything that is known of a worker. @param atMs when it was so, by the engine's clock */
export function WorkerDetails({ worker, atMs }: { worker: Worker; atMs: number }): ReactNode {
  const { versionProblem, labels, actions, registeredWorkflows = [] } = worker;
  return (
    <>
      {versionProblem !== undefined && (
        <Alert color="orange" icon={<ExclamationTriangleIcon />} title="This engine is not made for its SDK">
          {versionProblem}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="Connection">
          <Facts facts={connectionFacts(worker, atMs)} />
        </Section>
        <Section title="Runtime">
          <Facts
            facts={{
              SDK: sdkOf(worker),
              Runtime: runtimeOf(worker),
              System: worker.runtimeInfo?.os,
              Build: buildOf(worker),
            }}
          />
        </Section>
        <Section title="Slots in use">
          <Stack gap="sm">
            {Object.entries(worker.slotConfig).map(([kind, slots]) => (
              <div key={kind}>
                <Text size="sm" fw={500}>
                  {kind}
                </Text>
                <SlotsMeter slots={slotsOf({ slotConfig: { [kind]: slots } })} label={`Slots of the kind ${kind}`} />
              </div>
            ))}
          </Stack>
        </Section>
        <Section title="Labels">
          {labels.length > 0 ? (
            <Facts facts={Object.fromEntries(labels.map(({ key, value }) => [key, value]))} />
          ) : (
            <Nothing>It has none.</Nothing>
          )}
        </Section>
        <Section title={`Workflows it takes part in (${registeredWorkflows.length})`}>
          <Words words={registeredWorkflows.map(({ name }) => name)} otherwise="None in its newest version." />
        </Section>
        <Section title={`Actions (${actions.length})`}>
          <Words words={actions} otherwise="It has registered none." />
        </Section>
      </SimpleGrid>
    </>
  );
}

function connectionFacts(worker: Worker, atMs: number): Record<string, string | undefined> {
  const { liveness, lastListenerEstablished: since, metadata } = worker;
  const silence = silenceMs(worker, atMs);
  const ago = (time: string) => `${spanText(Math.max(0, atMs - Date.parse(time)))} ago`;
  return {
    Liveness: liveness,
    "Last heard": silence === undefined ? "never" : `${spanText(silence)} ago`,
    "Stream opened": since && `${ago(since)}, ${localTime(since)}`,
    Registered: `${ago(metadata.createdAt)}, ${localTime(metadata.createdAt)}`,
  };
}

function localTime(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function Facts({ facts }: { facts: Readonly<Record<string, string | undefined>> }): ReactNode {
  return (
    <DataList gap={6}>
      {Object.entries(facts).map(([name, value]) => (
        <DataList.Item key={name}>
          <DataList.ItemLabel className="wraps">{name}</DataList.ItemLabel>
          <DataList.ItemValue className="wraps figures">{value ?? <Nothing>unknown</Nothing>}</DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}

function Words({ words, otherwise }: { words: readonly string[]; otherwise: string }): ReactNode {
  if (words.length === 0) return <Nothing>{otherwise}</Nothing>;
  return (
    <Group gap={6}>
      {words.map((word) => (
        <Badge key={word} variant="default" tt="none" fw={400} radius="sm" maw="100%" title={word}>
          {word}
        </Badge>
      ))}
    </Group>
  );
}

function Nothing({ children }: { children: ReactNode }): ReactNode {
  return (
    <Text size="sm" c="dimmed" span>
      {children}
    </Text>
  );
}
