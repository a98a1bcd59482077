import { EmptyState } from "@mantine/core";
import type { ReactNode } from "react";
import { Command } from "./command.tsx";

/** In the place of workers: what to do so that there is one. */
export function NoWorkers({ title }: { title: string }): ReactNode {
  return (
    <EmptyState
      py="xl"
      title={title}
      description="A worker is a program of yours that runs tasks. This starts one, and keeps it running:"
    >
      <EmptyState.Actions>
        <Command text="npx helve worker run -- node worker.js" />
      </EmptyState.Actions>
    </EmptyState>
  );
}
