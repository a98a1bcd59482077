import type { RunId, TenantId } from "@helve/core";
import { jsonMembers } from "@helve/core";
import type { RunEvent, RunEventFilter } from "../api.ts";

type Listener = (event: RunEvent) => void;

/** Passes live events of runs to whoever listens now; nothing is kept. */
export class RunEvents {
  readonly #byRun = new Map<RunId, Set<{ tenantId: TenantId; listener: Listener }>>();
  readonly #byMetadata = new Set<{ tenantId: TenantId; key: string; value: string; listener: Listener }>();

  listen(tenantId: TenantId, filter: RunEventFilter, listener: Listener): () => void {
    if ("runId" in filter) {
      const { runId } = filter;
      const entry = { tenantId, listener };
      const entries = this.#byRun.get(runId) ?? new Set();
      this.#byRun.set(runId, entries.add(entry));
      return () => {
        entries.delete(entry);
        if (entries.size === 0) this.#byRun.delete(runId);
      };
    }
    const entry = { tenantId, key: filter.metadataKey, value: filter.metadataValue, listener };
    this.#byMetadata.add(entry);
    return () => this.#byMetadata.delete(entry);
  }

  /** Whether an event of this run would be heard: on the hot path nobody listens. */
  isHeard(runId: RunId): boolean {
    return this.#byMetadata.size > 0 || this.#byRun.has(runId);
  }

  /** @param metadata JSON object text of the run */
  publish(tenantId: TenantId, metadata: string, event: RunEvent): void {
    for (const entry of this.#byRun.get(event.runId) ?? []) if (entry.tenantId === tenantId) entry.listener(event);
    if (this.#byMetadata.size === 0) return;
    const members = jsonMembers(metadata);
    for (const entry of this.#byMetadata) {
      if (entry.tenantId !== tenantId) continue;
      const value = members.findLast((member) => member.key === entry.key)?.rawValue;
      if (value === JSON.stringify(entry.value)) entry.listener(event);
    }
  }
}
