import { Loader, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi } from "../api/api.ts";
import { versionQuery } from "../api/engine.ts";
import { useLive } from "../api/live.ts";
import { workersQuery } from "../api/workers.ts";
import { NoWorkers } from "../components/no-workers.tsx";
import { Problem } from "../components/problem.tsx";
import { RangeTable } from "../components/range-table.tsx";
import { Section } from "../components/section.tsx";
import { buildLines, sdkLines, VersionStack, VersionTable } from "../components/version-list.tsx";
import { groupByBuild, groupBySdk } from "../fleet/version-groups.ts";
import { useIsWide } from "./use-is-wide.ts";

/** Which versions run across the fleet, and whether the engine is made for them. */
export function VersionsPage(): ReactNode {
  const api = useApi();
  const { data, error } = useLive(workersQuery(api));
  const version = useQuery(versionQuery(api));
  const List = useIsWide() ? VersionTable : VersionStack;
  if (!data) return error ? <Problem what="The workers could not be read" error={error} /> : <Loader />;
  const sdks = groupBySdk(data.rows);
  return (
    <Stack>
      <Title order={1} size="h2">
        Versions
      </Title>
      {error && <Problem what="The workers could not be read again" error={error} />}
      {sdks.length === 0 ? (
        <NoWorkers title="No worker is connected" />
      ) : (
        <>
          <Section title="By SDK and runtime">
            <List label="By SDK and runtime" titles={["SDK", "Runtime"]} lines={sdkLines(sdks)} />
          </Section>
          <Section title="By build">
            <List label="By build" titles={["Build", "SDKs"]} lines={buildLines(groupByBuild(data.rows))} />
          </Section>
        </>
      )}
      {version.data && (
        <Section title={`SDKs that Helve ${version.data.version} is made for`}>
          <RangeTable ranges={version.data.supportedSdks} />
        </Section>
      )}
    </Stack>
  );
}
