import { Badge, type MantineColor } from "@mantine/core";
import type { ComponentType, ReactNode } from "react";

export interface MarkProps {
  readonly color: MantineColor;
  readonly Icon: ComponentType<{ color?: string }>;
  readonly text: string;
  /** More than the word says. */
  readonly title?: string;
}

/** A state as icon and word: nobody has to tell colours apart, and the word is as easy to read as any other text. */
export function Mark({ color, Icon, text, title }: MarkProps): ReactNode {
  return (
    <Badge
      color={color}
      variant="light"
      c="var(--mantine-color-text)"
      leftSection={<Icon color={`var(--mantine-color-${color}-text)`} />}
      miw="max-content"
      tt="none"
      radius="sm"
      size="lg"
      {...(title !== undefined && { title })}
    >
      {text}
    </Badge>
  );
}
