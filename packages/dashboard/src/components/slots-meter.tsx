import { Progress, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Slots } from "../fleet/worker-state.ts";

/** Slots that are taken, of all. */
export function SlotsMeter({ slots, label = "Slots" }: { slots: Slots; label?: string }): ReactNode {
  const { used, limit } = slots;
  const share = used === undefined || limit === 0 ? 0 : (100 * used) / limit;
  return (
    <Stack gap={4} miw={72}>
      <Text size="sm" className="figures">
        {slotsText(slots)}
      </Text>
      <Progress.Root size="sm">
        <Progress.Section value={share} color={share >= 100 ? "orange" : "blue"} aria-label={`${label} in use`} />
      </Progress.Root>
    </Stack>
  );
}

/** `3 of 10`. */
export function slotsText({ used, limit }: Slots): string {
  return `${used ?? "?"} of ${limit}`;
}
