import { type Command, command } from "../arguments/command.ts";
import type { Option } from "../arguments/options.ts";
import { timeSpan } from "../arguments/parse.ts";
import { CommandError, DONE, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";
import { openTokenAdmin } from "../tokens/token-admin.ts";
import { loadServer, type Scope, type StoredToken, type TokenAdmin } from "./serve.ts";

const PLACE: Readonly<Record<"data-dir" | "database-url", Option & { readonly value: string }>> = {
  "data-dir": { value: "FOLDER", help: "data folder of the engine on this machine (HELVE_DATA_DIR)" },
  "database-url": { value: "URL", help: "your own PostgreSQL, where the engine uses one (DATABASE_URL)" },
};

const JSON_SWITCH: { readonly json: Option & { value?: never } } = { json: { help: "print the same as JSON" } };

const create = command({
  usage: "token create [--name NAME] [--scope SCOPE] [--expires SPAN]",
  about: "Makes an API token and prints it. It is kept nowhere: whoever loses it makes another one.",
  options: {
    name: { value: "NAME", help: "by which to know it in the list; default 'cli'" },
    scope: {
      value: "SCOPE",
      help: "what it may do: worker (run tasks), trigger (start runs), read, or admin (all); default admin",
    },
    expires: { value: "SPAN", help: "how long it is good, such as 12h, 30d or 1y; default 90d" },
    ...PLACE,
    ...JSON_SWITCH,
  },
  operands: { min: 0, max: 0 },
  examples: [
    "export HATCHET_CLIENT_TOKEN=$(helve token create --name billing --scope trigger --expires 1y)",
    "export HATCHET_CLIENT_TOKEN=$(helve token create --name fleet --scope worker)",
  ],
  async run({ values, io }) {
    const expiresInMs = timeSpan(values.expires, "--expires");
    const scope = await readScope(values.scope);
    const token = { name: values.name ?? "cli", scope, expiresInMs };
    const made = await withAdmin(values, io, (admin) => admin.create(token));
    io.out.write(values.json ? `${JSON.stringify(made, undefined, 2)}\n` : `${made.token}\n`);
    return DONE;
  },
});

async function readScope(text: string | undefined): Promise<Scope | undefined> {
  const { SCOPES } = await loadServer();
  const scope = SCOPES.find((one) => one === text);
  if (text === undefined || scope !== undefined) return scope;
  throw new UsageError(`--scope is '${text}': it must be one of ${SCOPES.join(", ")}`);
}

const list = command({
  usage: "token list",
  about: "Lists API tokens, the newest first. The tokens themselves are not kept and cannot be shown.",
  options: { ...PLACE, ...JSON_SWITCH },
  operands: { min: 0, max: 0 },
  async run({ values, io }) {
    const tokens = await withAdmin(values, io, (admin) => admin.list());
    io.out.write(values.json ? `${JSON.stringify(tokens, undefined, 2)}\n` : tokenTable(tokens, io));
    return DONE;
  },
});

const revoke = command({
  usage: "token revoke ID",
  about: "Takes a token's power away: within six seconds calls are refused and streams that it opened are closed.",
  options: { ...PLACE, ...JSON_SWITCH },
  operands: { min: 1, max: 1 },
  async run({ values, operands: [id = ""], io }) {
    const isRevoked = await withAdmin(values, io, (admin) => admin.revoke(id));
    if (!isRevoked)
      throw new CommandError(`there is no token ${id} that could be revoked; helve token list shows them`);
    io.out.write(values.json ? `${JSON.stringify({ id, revoked: true }, undefined, 2)}\n` : `Revoked ${id}.\n`);
    return DONE;
  },
});

const COMMANDS: Readonly<Record<string, Command>> = { create, list, revoke };

const ABOUT = `helve token create [--name NAME] [--scope SCOPE] [--expires SPAN]
helve token list
helve token revoke ID

Makes, lists and revokes API tokens. Works on the database itself, by the data folder of the engine on this machine
or by DATABASE_URL, whether or not an engine runs. --help behind each of them says more.
`;

/** `helve token …` */
export const token: Command = {
  async run([name = "", ...rest], io) {
    if (name === "--help" || name === "-h") {
      io.out.write(ABOUT);
      return DONE;
    }
    const chosen = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!chosen) throw new UsageError("say what to do with tokens: helve token create, list or revoke");
    return chosen.run(rest, io);
  },
};

type Place = { readonly "data-dir": string | undefined; readonly "database-url": string | undefined };

async function withAdmin<Result>(place: Place, io: Io, work: (admin: TokenAdmin) => Promise<Result>): Promise<Result> {
  const admin = await openTokenAdmin(await loadServer(), place, io);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

function tokenTable(tokens: readonly StoredToken[], io: Io): string {
  if (tokens.length === 0) return "There are no tokens.\n";
  const nowMs = Date.now();
  const state = (one: StoredToken) => {
    if (one.revokedAt) return "revoked";
    return one.expiresAt.getTime() <= nowMs ? "expired" : "good";
  };
  const styles = { good: "green", revoked: "dim", expired: "yellow" } as const;
  return table<StoredToken>(
    [
      { title: "TOKEN", text: (one) => one.id },
      { title: "NAME", text: (one) => one.name, shrinksTo: 8 },
      { title: "SCOPE", text: (one) => one.scope },
      { title: "STATE", text: state, style: (one) => styles[state(one)] },
      { title: "MADE", text: (one) => ago(one.createdAt.toISOString(), nowMs), isNumber: true },
      { title: "EXPIRES", text: (one) => one.expiresAt.toISOString().slice(0, 10) },
    ],
    tokens,
    io.out,
  );
}
