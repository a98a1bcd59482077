/**
 * Writes the generated code of the repository anew: `npm run generate`.
 *
 * What is generated is committed, so that readers can jump to it and nobody needs a generator to build. The same sources
 * give the same bytes on every machine: buf and ts-proto come from npm at exact versions and nothing is fetched.
 */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const contracts = createRequire(join(ROOT, "packages/contracts/package.json"));

/** Every folder whose whole content is generated, relative to the repository, and what fills an empty copy of it. */
export const GENERATED = [{ folder: "packages/contracts/src/gen", generate: generateProtobuf }];

const TS_PROTO_OPTIONS = [
  // Definitions for a grpc-js server, and clients of the same calls.
  "outputServices=grpc-js",
  "esModuleInterop=true",
  // Bytes are Buffers.
  "env=node",
  // Source runs unbuilt, so imports name the file; tsc rewrites them in dist.
  "importSuffix=.ts",
  // An absent message is a missing key; plain scalars are always there, with their default.
  "useOptionals=messages",
  // `message?: { $case: "memo"; value: … }`: the compiler asks for every case.
  "oneof=unions-value",
  // Decoding throws above 2^53 instead of rounding. No 64-bit field of these contracts comes near.
  "forceLong=number",
  "useDate=true",
  // Constants and a type of the same name instead of `enum`: nothing that erasing types could not handle.
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "outputJsonMethods=false",
  // create() fills in defaults; without exact types, which cost the compiler much and callers their messages.
  "outputPartialMethods=true",
  "useExactTypes=false",
  // Every file would export the same names otherwise.
  "exportCommonSymbols=false",
  // A new patch release of the generator should not touch every file.
  "annotateFilesWithVersion=false",
];

/**
 * Generates TypeScript for all `.proto` files of the contracts package.
 *
 * @param outFolder absolute; files go where their `.proto` file is below `proto/`
 */
function generateProtobuf(outFolder) {
  const template = {
    version: "v2",
    plugins: [
      {
        local: [process.execPath, contracts.resolve("ts-proto/protoc-gen-ts_proto")],
        out: outFolder,
        opt: TS_PROTO_OPTIONS,
        // One run of the plugin over everything, and the well-known types it needs beside our own.
        strategy: "all",
        include_imports: true,
        include_wkt: true,
      },
    ],
  };
  // The package's own starter finds the binary of this platform among its optional dependencies. It needs no install script.
  buf(["generate", join(ROOT, "packages/contracts/proto"), "--template", JSON.stringify(template)]);
}

function buf(args) {
  const { status, error, stderr } = spawnSync(process.execPath, [contracts.resolve("@bufbuild/buf/bin/buf"), ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (error !== undefined || status !== 0) throw new Error(`buf ${args[0]} failed: ${stderr || error?.message}`);
}

/** Fills a new folder with what a generated folder should hold, hands it over, and removes it afterwards. */
export async function withFreshCopy({ generate }, use) {
  const outFolder = await mkdtemp(join(tmpdir(), "helve-generated-"));
  try {
    await generate(outFolder);
    return await use(outFolder);
  } finally {
    await rm(outFolder, { recursive: true, force: true });
  }
}

async function generateAll() {
  for (const generated of GENERATED) {
    const folder = join(ROOT, generated.folder);
    // Written elsewhere first, so that a source with a mistake leaves the old code in place, then replaced whole, so that
    // the code of a removed source goes too.
    await withFreshCopy(generated, async (fresh) => {
      await rm(folder, { recursive: true, force: true });
      await cp(fresh, folder, { recursive: true });
    });
    console.log(`Generated ${generated.folder}.`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await generateAll();
