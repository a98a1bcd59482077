type Version = readonly [major: number, minor: number, patch: number];

interface SdkRange {
  title: string;
  /** The oldest that is tested or, where none is at hand, the oldest with this protocol of durable tasks. */
  from: Version;
  /** The first major version that nobody has tried. */
  belowMajor: number;
}

/**
 * The published SDKs that this engine is made for, by the language that workers name. Others are served all the same; but
 * who wonders at one should see at once that it is outside. docs/reference/compatibility.md says so too.
 */
const RANGES: Readonly<Record<string, SdkRange>> = {
  TYPESCRIPT: { title: "TypeScript", from: [1, 18, 0], belowMajor: 2 },
  PYTHON: { title: "Python", from: [1, 29, 0], belowMajor: 2 },
  GO: { title: "Go", from: [0, 83, 59], belowMajor: 1 },
  RUBY: { title: "Ruby", from: [0, 3, 0], belowMajor: 1 },
};

/** The published SDKs that this engine is made for, as people read it. */
export const SUPPORTED_SDKS: readonly { readonly title: string; readonly from: string; readonly below: string }[] =
  Object.values(RANGES).map(({ title, from, belowMajor }) => ({
    title,
    from: from.join("."),
    below: `${belowMajor}.0.0`,
  }));

/** What a worker says it is made with. */
interface Runtime {
  readonly language?: string;
  readonly sdkVersion?: string;
  readonly extra?: string;
}

/** Stands in `extra` of a worker that speaks the native protocol, which settles between the two what both can do. */
export const NATIVE_RUNTIME = "helve.v1";

/**
 * What is to be said of the version of a worker's published SDK; undefined when it is in range, and where nothing can be
 * said: an SDK of another language, or one that names no version.
 */
export function sdkProblem({ language = "", sdkVersion = "", extra }: Runtime): string | undefined {
  if (extra === NATIVE_RUNTIME) return undefined;
  const range = RANGES[language.toUpperCase()];
  const version = readVersion(sdkVersion);
  if (range === undefined || version === undefined) return undefined;
  const { title, from, belowMajor } = range;
  const wish = `this engine is made for ${from.join(".")} up to ${belowMajor}.0.0`;
  if (isOlder(version, from)) {
    return `the ${title} SDK ${sdkVersion} is too old: ${wish}; nobody has tried older ones with it, and they may run durable tasks by another protocol`;
  }
  if (version[0] < belowMajor) return undefined;
  return `the ${title} SDK ${sdkVersion} is too new: ${wish}, and may not know what newer ones ask of it`;
}

/** A version such as v1.2.3-rc.1: three numbers, with what may stand around them. 0.0.0 is a build without a version. */
function readVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(text) ?? [];
  const version = [Number(major), Number(minor), Number(patch)] as const;
  return version.some((part) => part > 0) ? version : undefined;
}

function isOlder(one: Version, other: Version): boolean {
  const at = one.findIndex((part, i) => part !== other[i]);
  return at !== -1 && (one[at] as number) < (other[at] as number);
}
