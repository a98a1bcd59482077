import type { MantineColor } from "@mantine/core";
import {
  CheckCircledIcon,
  CircleBackslashIcon,
  ClockIcon,
  CrossCircledIcon,
  ExitIcon,
  PauseIcon,
} from "@radix-ui/react-icons";
import type { ComponentType, ReactNode } from "react";
import type { WorkerState } from "../fleet/worker-state.ts";
import { Mark } from "./mark.tsx";

interface Look {
  readonly color: MantineColor;
  readonly Icon: ComponentType<{ color?: string }>;
  /** What it means, for who sees the word for the first time. */
  readonly meaning: string;
}

export const STATE_LOOKS: Readonly<Record<WorkerState, Look>> = {
  fresh: { color: "green", Icon: CheckCircledIcon, meaning: "Connected, and given work." },
  late: {
    color: "orange",
    Icon: ClockIcon,
    meaning: "Connected, but silent for so long that it is given nothing new.",
  },
  lost: { color: "gray", Icon: CrossCircledIcon, meaning: "Not connected. Its tasks run elsewhere." },
  paused: { color: "blue", Icon: PauseIcon, meaning: "Given nothing new, and has nothing left: it can be stopped." },
  draining: { color: "violet", Icon: ExitIcon, meaning: "Given nothing new; it has still tasks to end." },
  quarantined: {
    color: "red",
    Icon: CircleBackslashIcon,
    meaning: "Connected, but given nothing, for the reason that is told.",
  },
};

/** A state as icon and word, so that nobody has to tell colours apart. @param count how many are in it, where it is of several */
export function StateBadge({ state, count }: { state: WorkerState; count?: number }): ReactNode {
  const { color, Icon, meaning } = STATE_LOOKS[state];
  return <Mark color={color} Icon={Icon} text={count === undefined ? state : `${count} ${state}`} title={meaning} />;
}
