#!/usr/bin/env node
import { existsSync } from "node:fs";
import * as module from "node:module";

const program = new URL("../dist/program.js", import.meta.url);

if (existsSync(program)) {
  // Newer Nodes keep what they have compiled from start to start.
  module.enableCompileCache?.();
  const { runProgram } = await import(program.href);
  await runProgram(process.argv.slice(2));
} else {
  console.error("helve: this clone is not built yet; run `npm start` or `npm run build` in it once");
  process.exitCode = 1;
}
