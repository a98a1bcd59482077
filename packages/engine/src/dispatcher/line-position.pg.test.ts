import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;
beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

test("a task that becomes ready goes before younger ones, though claims have come past its age", async () => {
  const tasks = [
    { readableId: "a", action: "graph:a" },
    { readableId: "b", action: "shared:run", parents: ["a"] },
  ];
  await helve.put({ name: "graph", tasks });
  await helve.put({ name: "single", tasks: [{ readableId: "s", action: "shared:run" }] });
  const first = await helve.worker({ actions: ["graph:a"] });
  const second = await helve.worker({ actions: ["shared:run"], slots: 1 });
  const runId = await helve.run("graph");
  const singles = [];
  for (let n = 0; n < 6; n++) singles.push(await helve.run("single"));
  for (const id of singles.slice(0, 3)) {
    const task = await second.next();
    expect(task.id).toBe(id);
    await second.succeed(task);
  }
  const fourth = await second.next();
  await first.succeed(await first.next());

  await second.succeed(fourth);

  const ready = await second.next();
  expect(ready.id).toBe(taskIdOf(runId, 2));
  await second.succeed(ready);
  for (const id of singles.slice(4)) {
    const task = await second.next();
    expect(task.id).toBe(id);
    await second.succeed(task);
  }
});

test("what turns up behind the place that claims have come to is found before the line is taken to be empty", async () => {
  await helve.put({ name: "late", tasks: [{ readableId: "l", action: "late:run" }] });
  const worker = await helve.worker({ actions: ["late:run"], slots: 1 });
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await helve.run("late"));
  for (let n = 0; n < 2; n++) await worker.succeed(await worker.next());
  const third = await worker.next();
  await helve.query("update task_run set age = 0 where id = $1", [ids[4]]);

  await worker.succeed(third);

  const rest = [];
  for (let n = 0; n < 2; n++) {
    const task = await worker.next();
    rest.push(task.id);
    await worker.succeed(task);
  }
  expect(rest.sort()).toEqual(ids.slice(3).sort());
});
