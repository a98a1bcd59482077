import { expect, it } from "vitest";
import { cronProblem } from "./cron-expression.ts";

it.each([
  "*/5 * * * *",
  "0 */5 * * * *",
  "TZ=Europe/Paris 0 9 * * MON",
  "CRON_TZ=UTC 0 9 * * mon-fri",
  "0,15,30-45/5 8-18 1,15 jan-mar,12 0-6",
  "0 0 ? * ?",
  "1 1 1 1 *",
  "5/15 0 31 12 sat",
  "  0   0 * * *  ",
])("accepts %j", (expression) => {
  expect(cronProblem(expression)).toBeUndefined();
});

it.each([
  ["", "needs 5 or 6 fields and has 0"],
  ["every day", "needs 5 or 6 fields and has 2"],
  ["@daily", "needs 5 or 6 fields and has 1"],
  ["* * * *", "needs 5 or 6 fields and has 4"],
  ["* * * * * * *", "needs 5 or 6 fields and has 7"],
  ["60 * * * *", 'has the bad minute "60"'],
  ["60 * * * * *", 'has the bad second "60"'],
  ["* 24 * * *", 'has the bad hour "24"'],
  ["* * 0 * *", 'has the bad day of month "0"'],
  ["* * * 13 *", 'has the bad month "13"'],
  ["* * * * 7", 'has the bad day of week "7"'],
  ["* * * * jan", 'has the bad day of week "jan"'],
  ["5-1 * * * *", 'has the bad minute "5-1"'],
  ["*/0 * * * *", 'has the bad minute "*/0"'],
  ["1,,2 * * * *", 'has the bad minute "1,,2"'],
  ["-1 * * * *", 'has the bad minute "-1"'],
  ["*-5 * * * *", 'has the bad minute "*-5"'],
  ["TZ=Nowhere/Land 0 9 * * *", 'has the unknown time zone "Nowhere/Land"'],
])("refuses %j", (expression, problem) => {
  expect(cronProblem(expression)).toBe(problem);
});
