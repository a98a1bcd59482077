import { Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A part of a page, under its heading. */
export function Section({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <Paper component="section" withBorder p="md">
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
