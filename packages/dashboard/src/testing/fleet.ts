import { SDKS } from "@helve/contracts";
import { HelveClient, type WorkflowRunRef } from "@helve/sdk";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { openBrowser, openPage } from "./browser.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { type RawWorker, type RawWorkerOptions, rawWorker } from "./raw-worker.ts";

/** For a start of everything on a busy machine. */
export const LIMIT_MS = 60_000;

/**
 * An engine with four workers, and somebody who looks at them: `greeter` of our SDK, two of Python called `mail`, and `old`
 * with an SDK that the engine is not made for.
 */
export interface Fleet {
  readonly engine: TestEngine;
  readonly browser: Browser;
  /** Signed in. */
  readonly page: Page;
  /** What went wrong in the page; see openPage. */
  readonly errors: string[];
  /** Starts a task of the greeter. */
  startTask(): Promise<WorkflowRunRef<unknown>>;
  /** Lets the last one that began end. */
  finishTask(): void;
  addWorker(options: RawWorkerOptions): Promise<RawWorker>;
  /** The line of a worker in the page's table. */
  row(name: string): Locator;
  /** What is said aloud and holds this text. */
  notice(text: string | RegExp): Locator;
  close(): Promise<void>;
}

const PYTHON = { language: SDKS.PYTHON, sdkVersion: "1.31.0", languageVersion: "3.12.4", os: "linux" };

export async function startFleet(): Promise<Fleet> {
  const [engine, browser] = await Promise.all([startEngine(), openBrowser()]);
  const client = HelveClient.init({
    token: engine.token,
    host_port: engine.grpcAddress,
    tls_config: { tls_strategy: "none" },
    log_level: "OFF",
  });
  let finishTask = () => {};
  const greet = client.task({
    name: "greet",
    fn: () =>
      new Promise<Record<string, never>>((resolve) => {
        finishTask = () => resolve({});
      }),
  });
  const greeter = await client.worker("greeter", { workflows: [greet], slots: 5, labels: { zone: "a" } });
  void greeter.start();
  const raw: RawWorker[] = [];
  const addWorker = async (options: RawWorkerOptions) => {
    const worker = await rawWorker(engine, options);
    raw.push(worker);
    return worker;
  };
  const labels = { zone: "b", "helve-build": "7f3c" };
  await addWorker({ name: "mail", labels, runtime: PYTHON });
  await addWorker({ name: "mail", labels, runtime: PYTHON });
  await addWorker({ name: "old", runtime: { ...PYTHON, language: SDKS.TYPESCRIPT, sdkVersion: "1.12.0" } });
  const { page, errors } = await openPage(browser);
  await page.goto(`${engine.httpUrl}/#token=${engine.token}`);
  const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
  await row("greeter").waitFor();
  return {
    engine,
    browser,
    page,
    errors,
    startTask: () => greet.runNoWait({}),
    finishTask: () => finishTask(),
    addWorker,
    row,
    notice: (text) => page.getByRole("alert").filter({ hasText: text }),
    async close() {
      finishTask();
      for (const worker of raw) worker.leave();
      await greeter.stop();
      client.close();
      await browser.close();
      await engine.close();
    },
  };
}

/** One fleet for the tests of a file, each of which begins on the page of the workers and must leave no error in it. */
export function onOneFleet(given: (fleet: Fleet) => void): void {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet();
    given(fleet);
  }, LIMIT_MS);
  beforeEach(async () => {
    await fleet.page.goto(`${fleet.engine.httpUrl}/workers`);
    await fleet.row("greeter").waitFor();
  });
  afterEach(() => expect(fleet.errors).toEqual([]));
  afterAll(() => fleet?.close(), LIMIT_MS);
}
