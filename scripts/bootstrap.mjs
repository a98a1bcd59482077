/**
 * What `npm start` and `npm test` need before anything else can run, in plain JavaScript without dependencies: a Node
 * that is new enough, the packages, and what TypeScript compiles to. Each is done only when something has changed since
 * the last time, so that an unchanged checkout costs some hundredths of a second.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const DASHBOARD = join(ROOT, "packages", "dashboard");
const STAMPS = join(ROOT, "node_modules", ".cache", "helve");

/** Ends the process with one sentence when Node is older than Vite, the strictest of our tools, bears. */
export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Helve needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
}

/**
 * Installs the packages when there are none, or when a package.json or the lock file is not what it was at the last
 * install. A fresh checkout gets exactly what the lock file says; an existing one is brought up to date in place, since
 * `npm ci` would begin by removing what other running programs use.
 */
export function ensureInstalled() {
  requireNode();
  const hasPackages = existsSync(join(ROOT, "node_modules"));
  if (hasPackages && readStamp("installed") === manifestsHash()) return;
  const command = !hasPackages && existsSync(join(ROOT, "package-lock.json")) ? "ci" : "install";
  console.log(`Installing packages (npm ${command}) …`);
  // Its warnings are about packages that only the bench and the tests use, and would be the first that a newcomer sees.
  const { status, error } = runNpm([command, "--no-audit", "--no-fund", "--loglevel=error"]);
  if (status !== 0) fail(`npm ${command} failed${error ? `: ${error.message}` : "; see above"}.`);
  // After the install, which may have written the lock file.
  writeStamp("installed", manifestsHash());
}

/**
 * Compiles all packages, and beside that bundles the dashboard, when a source is not what it was at the last successful
 * build.
 *
 * @returns {Promise<boolean>} whether everything compiles
 */
export async function ensureBuilt() {
  const dashboard = ensureDashboardBuilt();
  const hash = sourcesHash();
  if (readStamp("built") === hash && outputsExist()) return dashboard;
  const status = await exitOfTool("typescript/bin/tsc", ["-b"]);
  if (status === 0) writeStamp("built", hash);
  return (await dashboard) && status === 0;
}

/** Bundles the dashboard when it is not what it was. @returns {Promise<boolean>} whether it can be bundled */
export async function ensureDashboardBuilt() {
  const hash = createHash("sha256");
  addFile(hash, join(ROOT, "package-lock.json"));
  for (const name of ["index.html", "vite.config.ts"]) addFile(hash, join(DASHBOARD, name));
  addFolder(hash, join(DASHBOARD, "src"));
  const sources = hash.digest("hex");
  if (readStamp("dashboard") === sources && existsSync(join(DASHBOARD, "dist", "app", "index.html"))) return true;
  // Who runs tests has another one, and would get a React that checks itself, and is half as large again.
  const env = { ...process.env, NODE_ENV: "production" };
  const status = await exitOfTool("vite/bin/vite.js", ["build", DASHBOARD, "--logLevel", "warn"], env);
  if (status === 0) writeStamp("dashboard", sources);
  return status === 0;
}

/** Runs the script of a package with this Node, and shows what it says. */
export function runTool(script, args) {
  return spawnSync(process.execPath, [join(ROOT, "node_modules", script), ...args], { cwd: ROOT, stdio: "inherit" });
}

/** Resolves to the exit code, or null when a signal ended it. */
function exitOfTool(script, args, env = process.env) {
  const options = { cwd: ROOT, stdio: "inherit", env };
  const child = spawn(process.execPath, [join(ROOT, "node_modules", script), ...args], options);
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
}

/** Says why nothing more can be done, and ends the process. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

function runNpm(args) {
  // Under `npm start` this is the npm that was called, which need not be the one in the path.
  const npm = process.env.npm_execpath ?? "";
  if (npm.endsWith("npm-cli.js")) return spawnSync(process.execPath, [npm, ...args], { cwd: ROOT, stdio: "inherit" });
  return spawnSync("npm", args, { cwd: ROOT, stdio: "inherit", shell: process.platform === "win32" });
}

function manifestsHash() {
  const hash = createHash("sha256");
  const files = ["package.json", "package-lock.json", ...workspaces().map((folder) => join(folder, "package.json"))];
  for (const file of files) {
    const path = join(ROOT, file);
    hash.update(`${file}\n${existsSync(path) ? readFileSync(path, "utf8") : ""}\n`);
  }
  return hash.digest("hex");
}

/** Names, sizes and times are enough: every editor and every checkout changes one of them. */
function sourcesHash() {
  const hash = createHash("sha256");
  for (const name of ["tsconfig.json", "tsconfig.base.json", "package-lock.json"]) addFile(hash, join(ROOT, name));
  for (const folder of projects()) {
    for (const name of ["tsconfig.json", "package.json"]) addFile(hash, join(folder, name));
    addFolder(hash, join(folder, "src"));
  }
  return hash.digest("hex");
}

function addFolder(hash, folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, path);
    else addFile(hash, path);
  }
}

function addFile(hash, path) {
  const found = statSync(path, { throwIfNoEntry: false });
  hash.update(`${path}\n${found?.size}\n${found?.mtimeMs}\n`);
}

function outputsExist() {
  return projects().every((folder) => existsSync(join(folder, "dist")));
}

/** The folders that `tsc -b` compiles. */
function projects() {
  const { references } = readJson(join(ROOT, "tsconfig.json"));
  return references.map(({ path }) => join(ROOT, path));
}

function workspaces() {
  return readJson(join(ROOT, "package.json")).workspaces.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(join(ROOT, parent))
      .sort()
      .map((name) => join(parent, name));
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function readStamp(name) {
  const path = join(STAMPS, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function writeStamp(name, content) {
  const path = join(STAMPS, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
