import { Button, Group, Text, Tooltip } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import type { Worker } from "../api/workers.ts";
import { BUILD_LABELS, runtimeOf, sdkOf } from "../fleet/build-of.ts";
import { spanText } from "../fleet/time-text.ts";
import { silenceMs } from "../fleet/worker-state.ts";

/** When something was last heard of a worker. */
export function Heard({ worker, atMs }: { worker: Worker; atMs: number }): ReactNode {
  const ms = silenceMs(worker, atMs);
  const isLate = worker.liveness === "late";
  return (
    <Text size="xs" {...(isLate ? { fw: 600 } : { c: "dimmed" })} className="figures">
      {ms === undefined ? "never heard" : `heard ${spanText(ms)} ago`}
    </Text>
  );
}

/** Its SDK, and a mark with the reason when the engine is not made for it. */
export function Sdk({ worker }: { worker: Worker }): ReactNode {
  const { versionProblem } = worker;
  const name = sdkOf(worker) ?? "unknown";
  if (versionProblem === undefined) return <Text size="sm">{name}</Text>;
  const verdict = / is too (old|new)/.exec(versionProblem)?.[0].trim() ?? "is out of range";
  return (
    <Tooltip label={versionProblem} multiline maw={360} events={{ hover: true, focus: true, touch: true }}>
      <Group gap={6} wrap="nowrap" tabIndex={0} aria-label={`${name}: ${versionProblem}`} role="note">
        <ExclamationTriangleIcon color="var(--mantine-color-orange-text)" />
        <Text size="sm" span>
          {name}{" "}
          <Text span size="xs" fw={600}>
            {verdict.replace("is ", "")}
          </Text>
        </Text>
      </Group>
    </Tooltip>
  );
}

/** What runs it, and where. */
export function Runtime({ worker }: { worker: Worker }): ReactNode {
  const os = worker.runtimeInfo?.os;
  return (
    <Text size="sm" className="wraps">
      {[runtimeOf(worker) ?? "unknown", os].filter(Boolean).join(", ")}
    </Text>
  );
}

/** Its labels but for the build, which has a place of its own. @param onPick narrows the list to workers with that label */
export function Labels({ worker, onPick }: { worker: Worker; onPick: (label: string) => void }): ReactNode {
  const labels = worker.labels.filter(({ key }) => !BUILD_LABELS.includes(key));
  return (
    <Group gap={4}>
      {labels.map(({ key, value }) => {
        const text = `${key}=${value}`;
        return (
          <Button
            key={key}
            size="compact-xs"
            variant="default"
            radius="xl"
            fw={400}
            maw="100%"
            onClick={() => onPick(text)}
            title={`Only workers with ${text}`}
          >
            {text}
          </Button>
        );
      })}
    </Group>
  );
}
