import pino from "pino";
import { expect, test } from "vitest";
import { logObserver } from "../log-observer.ts";
import { createMetrics, observeBoth } from "./metrics.ts";

test("what an audit finds is an error in the log, with the rows, and a figure", async () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics("1");
  const observer = observeBoth(logObserver(log), metrics.observer);
  const violations = [{ rule: "a task of a DAG has its run", id: "01900000-0000-7000-8000-000000000001", detail: "" }];

  observer.audited(violations, 0);
  observer.violated(violations);

  const text = await metrics.text();
  expect(text).toMatch(/^helve_audit_violations 1$/m);
  expect(text).toMatch(/^helve_audits_total 1$/m);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: pino.levels.values.error, violations }]);
  observer.audited([], 0);
  expect(await metrics.text()).toMatch(/^helve_audit_violations 0$/m);
  metrics.stop();
});
