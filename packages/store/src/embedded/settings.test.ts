import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, renderSettings } from "./settings.ts";

test("writes each kind of value as postgresql.conf wants it", () => {
  const text = renderSettings({ jit: false, autovacuum: true, max_connections: 100, cluster_name: "Bob's" });
  expect(text.split("\n").filter((line) => line && !line.startsWith("#"))).toEqual([
    "jit = 'off'",
    "autovacuum = 'on'",
    "max_connections = '100'",
    "cluster_name = 'Bob''s'",
  ]);
});

test.each(["fsync", "synchronous_commit", "full_page_writes"])("leaves %s on", (name) => {
  expect(DEFAULT_SETTINGS).not.toHaveProperty(name);
});
