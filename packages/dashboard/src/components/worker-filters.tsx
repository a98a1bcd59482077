import { Chip, CloseButton, Group, Select, TagsInput, TextInput } from "@mantine/core";
import { MagnifyingGlassIcon } from "@radix-ui/react-icons";
import type { ReactNode, Ref } from "react";
import type { WorkerSearch } from "../fleet/worker-search.ts";
import { WORKER_STATES, type WorkerState } from "../fleet/worker-state.ts";
import { STATE_LOOKS } from "./state-badge.tsx";

export interface WorkerFiltersProps {
  readonly search: WorkerSearch;
  readonly counts: Readonly<Record<WorkerState, number>>;
  /** What there is to choose from. */
  readonly labels: readonly string[];
  readonly builds: readonly string[];
  readonly sdks: readonly string[];
  readonly nameRef: Ref<HTMLInputElement>;
  /** Gets what is to be changed; undefined takes it away. */
  readonly onChange: (change: { [Name in keyof WorkerSearch]: WorkerSearch[Name] | undefined }) => void;
}

/** A label may differ from worker to worker; who looks for one types some of it. */
const SHOWN_CHOICES = 50;

/** Narrows the list of workers. */
export function WorkerFilters(props: WorkerFiltersProps): ReactNode {
  const { search, counts, labels, builds, sdks, nameRef, onChange } = props;
  const { state = [], label = [], q = "", build, sdk, runtime } = search;
  const choose = (values: readonly string[], chosen: string | undefined) =>
    chosen === undefined || values.includes(chosen) ? [...values] : [...values, chosen];
  return (
    <>
      <Chip.Group multiple value={[...state]} onChange={(chosen) => onChange({ state: statesOf(chosen) })}>
        <Group gap={6} role="group" aria-label="State">
          {WORKER_STATES.map((one) => {
            const { Icon, color } = STATE_LOOKS[one];
            return (
              <Chip key={one} value={one} size="sm" color={color} variant="light" icon={<Icon />}>
                {one} {counts[one]}
              </Chip>
            );
          })}
        </Group>
      </Chip.Group>
      <Group gap="sm" align="flex-end">
        <TextInput
          ref={nameRef}
          aria-label="Name or id"
          placeholder="Name or id ( / )"
          leftSection={<MagnifyingGlassIcon />}
          value={q}
          onChange={({ currentTarget: { value } }) => onChange({ q: value || undefined })}
          rightSection={q && <CloseButton size="sm" aria-label="Any name" onClick={() => onChange({ q: undefined })} />}
          w={{ base: "100%", xs: 220 }}
        />
        <TagsInput
          aria-label="Labels"
          placeholder={label.length === 0 ? "Labels: key=value" : ""}
          data={[...labels]}
          limit={SHOWN_CHOICES}
          value={[...label]}
          onChange={(chosen) => onChange({ label: chosen.filter((one) => /^[^=]+=/.test(one)) })}
          w={{ base: "100%", xs: 260 }}
        />
        <Select
          aria-label="Build"
          placeholder="Any build"
          clearable
          searchable
          data={choose(builds, build)}
          limit={SHOWN_CHOICES}
          value={build ?? null}
          onChange={(chosen) => onChange({ build: chosen ?? undefined })}
          w={{ base: "calc(50% - 6px)", xs: 160 }}
        />
        <Select
          aria-label="SDK"
          placeholder="Any SDK"
          clearable
          searchable
          data={choose(sdks, sdk)}
          limit={SHOWN_CHOICES}
          value={sdk ?? null}
          onChange={(chosen) => onChange({ sdk: chosen ?? undefined })}
          w={{ base: "calc(50% - 6px)", xs: 200 }}
        />
        {runtime !== undefined && (
          <Chip checked onChange={() => onChange({ runtime: undefined })} size="sm">
            {runtime}
          </Chip>
        )}
      </Group>
    </>
  );
}

function statesOf(chosen: readonly string[]): WorkerState[] {
  return WORKER_STATES.filter((one) => chosen.includes(one));
}
