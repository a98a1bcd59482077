import { type Command, command } from "../arguments/command.ts";
import type { Option } from "../arguments/options.ts";
import { timeSpan } from "../arguments/parse.ts";
import { DONE, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { type CertificateFolder, loadServer, type PairFiles } from "./serve.ts";

const DAY_MS = 86_400_000;
/** Ten years, and a good year for what is replaced while it is in use. */
const AUTHORITY_DAYS = 3_650;
const CERTIFICATE_DAYS = 397;
/** How the engine on this machine is dialled. */
const THIS_MACHINE = ["localhost", "127.0.0.1", "::1"];

const DIR: { readonly dir: Option & { readonly value: string } } = {
  dir: { value: "FOLDER", help: "where the files are; default ./certs" },
};
const COMMON: Readonly<Record<"expires" | "dir", Option & { readonly value: string }>> = {
  expires: { value: "SPAN", help: "how long it is good, such as 90d; default 397d" },
  ...DIR,
};
const HOST: { readonly host: Option & { readonly value: string } } = {
  host: { value: "NAME,…", help: "names and addresses by which it is dialled, beside this machine's" },
};
const JSON_SWITCH: { readonly json: Option & { value?: never } } = { json: { help: "print the files as JSON" } };

const init = command({
  usage: "cert init [--host NAME,…] [--dir FOLDER]",
  about:
    "Makes a certificate authority and a certificate for an engine. The key of the authority is needed to make more of them\n" +
    "and nowhere else: keep it where no engine and no worker is.",
  options: { ...HOST, ...COMMON, ...JSON_SWITCH },
  operands: { min: 0, max: 0 },
  examples: ["helve cert init --host engine.example.com,10.0.0.5"],
  async run({ values, io }) {
    const folder = await openFolder(values.dir);
    const authority = await folder.makeAuthority(AUTHORITY_DAYS);
    const server = await folder.make("server", serverRequest(values));
    return show({ authority, server }, values.json, io);
  },
});

const server = command({
  usage: "cert server [NAME] [--host NAME,…] [--dir FOLDER]",
  about:
    "Makes a certificate for something that listens, an engine or a PostgreSQL, or makes it anew. Its files are called NAME,\n" +
    "or server. An engine takes new files into use by itself.",
  options: { ...HOST, ...COMMON, ...JSON_SWITCH },
  operands: { min: 0, max: 1 },
  examples: ["helve cert server postgres --host db.example.com"],
  async run({ values, operands: [name = "server"], io }) {
    const folder = await openFolder(values.dir);
    return show({ server: await folder.make(fileName(name), serverRequest(values)) }, values.json, io);
  },
});

const client = command({
  usage: "cert client NAME [--dir FOLDER]",
  about:
    "Makes a certificate for a worker or another program that dials. NAME is its common name: that of the worker, where the\n" +
    "engine holds workers to their certificates.",
  options: { ...COMMON, ...JSON_SWITCH },
  operands: { min: 1, max: 1 },
  examples: ["helve cert client mail-worker"],
  async run({ values, operands: [name = ""], io }) {
    const folder = await openFolder(values.dir);
    const request = { purpose: "client", name, hosts: [name], days: daysOf(values.expires) } as const;
    return show({ client: await folder.make(fileName(name), request) }, values.json, io);
  },
});

const COMMANDS: Readonly<Record<string, Command>> = { init, server, client };

const ABOUT = `helve cert init [--host NAME,…]
helve cert server [NAME] [--host NAME,…]
helve cert client NAME

Makes certificates for a first cluster: an authority of its own, engines, PostgreSQL, workers. Works on files alone.
--help behind each of them says more.
`;

/** `helve cert …` */
export const cert: Command = {
  async run([name = "", ...rest], io) {
    if (name === "--help" || name === "-h") {
      io.out.write(ABOUT);
      return DONE;
    }
    const chosen = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!chosen) throw new UsageError("say which certificates to make: helve cert init, server or client");
    return chosen.run(rest, io);
  },
};

async function openFolder(dir = "certs"): Promise<CertificateFolder> {
  return (await loadServer()).openCertificateFolder(dir);
}

function serverRequest({ host, expires }: { readonly host: string | undefined; readonly expires: string | undefined }) {
  const given = (host ?? "").split(",").filter((one) => one !== "");
  const hosts = [...new Set([...given, ...THIS_MACHINE])];
  return { purpose: "server", name: hosts[0] as string, hosts, days: daysOf(expires) } as const;
}

function daysOf(text: string | undefined): number {
  const ms = timeSpan(text, "--expires");
  return ms === undefined ? CERTIFICATE_DAYS : ms / DAY_MS;
}

function fileName(name: string): string {
  if (/^[\w.-]+$/.test(name) && !/^(ca|ca-key|\.+)$/.test(name)) return name;
  throw new UsageError(`NAME is '${name}': it is used for a file, so letters, digits, '.', '_' and '-', and not ca`);
}

function show(pairs: Readonly<Record<string, PairFiles>>, isJson: boolean, io: Io): number {
  if (isJson) io.out.write(`${JSON.stringify(pairs, undefined, 2)}\n`);
  else {
    for (const { cert: file, key, validUntil } of Object.values(pairs)) {
      io.out.write(`${file} and ${key}, good until ${validUntil.toISOString().slice(0, 10)}\n`);
    }
  }
  return DONE;
}
