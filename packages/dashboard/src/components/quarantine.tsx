import { Alert, Button, Group, Text } from "@mantine/core";
import { CircleBackslashIcon, PlayIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import type { Worker } from "../api/workers.ts";

export interface QuarantineProps {
  /** One that is quarantined. */
  readonly worker: Worker;
  readonly obstacle: string | undefined;
  readonly onLift: () => void;
}

/** Why a worker is quarantined, and the way out. */
export function Quarantine({ worker, obstacle, onLift }: QuarantineProps): ReactNode {
  return (
    <Alert color="red" icon={<CircleBackslashIcon />} p="xs">
      <Group gap="xs" justify="space-between">
        <Text size="sm" className="wraps">
          Given nothing: {worker.quarantineReason}.
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<PlayIcon />}
          disabled={obstacle !== undefined}
          {...(obstacle !== undefined && { title: obstacle })}
          onClick={onLift}
        >
          Lift quarantine
        </Button>
      </Group>
    </Alert>
  );
}
