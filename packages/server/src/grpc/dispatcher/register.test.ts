import { WorkerRegisterRequest } from "@helve/contracts";
import { expect, test } from "vitest";
import { readRegistration } from "./register.ts";

function read(request: Parameters<typeof WorkerRegisterRequest.create>[0]) {
  return readRegistration(WorkerRegisterRequest.create({ workerName: "w", ...request }));
}

test("reads what a present client sends", () => {
  const registration = read({
    workerName: "rec-worker",
    actions: ["First:Task"],
    services: ["default"],
    labels: { region: { strValue: "eu" }, memory: { intValue: 512 }, empty: {} },
    runtimeInfo: { sdkVersion: "1.33.2", language: 3, languageVersion: "v20.20.2", os: "linux" },
    slotConfig: { default: 5, durable: 3 },
  });

  expect(registration).toEqual({
    name: "rec-worker",
    actions: ["first:task"],
    slots: { default: 5, durable: 3 },
    labels: { region: "eu", memory: 512 },
    runtime: { sdkVersion: "1.33.2", language: "TYPESCRIPT", languageVersion: "v20.20.2", os: "linux" },
  });
});

test("slots may be given the older way, or not at all", () => {
  expect(read({ slots: 4 }).slots).toEqual({ default: 4 });
  expect(read({}).slots).toEqual({ default: 100 });
});

test.each([
  [{ slots: 1, slotConfig: { default: 1 } }, "either slot_config or slots (deprecated) must be provided, not both"],
  [{ workerName: "a b" }, 'worker_name is "a b": it must be'],
  [{ workerName: "" }, "worker_name is"],
  [{ actions: ["a:b", "nocolon"] }, 'actions[1] is "nocolon": it must be two or three non-empty parts'],
  [{ services: ["a b"] }, 'services is "a b"'],
  [{ slotConfig: { default: -1 } }, "slot_config['default'] is -1"],
])("refuses %j", (request, text) => {
  expect(() => read(request)).toThrow(text);
});

test("a language that is not known is left out", () => {
  expect(read({ runtimeInfo: { language: 0 } }).runtime).toEqual({});
  expect(read({}).runtime).toEqual({});
});
