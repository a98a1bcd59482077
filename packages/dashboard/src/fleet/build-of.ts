import type { Worker } from "../api/workers.ts";

/** Labels by which a worker says what build it is: the one that our SDK sets from HELVE_BUILD, then the one people set. */
export const BUILD_LABELS: readonly string[] = ["helve-build", "version"];

export function buildOf({ labels }: Pick<Worker, "labels">): string | undefined {
  const [build] = BUILD_LABELS.flatMap(
    (wanted) => labels.find(({ key, value }) => key === wanted && value !== "") ?? [],
  );
  return build?.value;
}

const LANGUAGES: Readonly<Record<string, string>> = {
  GOLANG: "Go",
  PYTHON: "Python",
  TYPESCRIPT: "TypeScript",
  RUBY: "Ruby",
};

type WithRuntime = Pick<Worker, "runtimeInfo">;

/** Name and version of its SDK, such as `helve 0.1.0` or `Python SDK 1.29.0`; undefined when it names none. */
export function sdkOf({ runtimeInfo: { sdkVersion, language, runtimeExtra } = {} }: WithRuntime): string | undefined {
  if (!sdkVersion) return undefined;
  // Ours counts its versions apart from those of the published one for the same language.
  if (runtimeExtra === "helve.v1") return `helve ${sdkVersion}`;
  return [language && (LANGUAGES[language] ?? language), "SDK", sdkVersion].filter(Boolean).join(" ");
}

/** Its language with the version of what runs it, such as `TypeScript 22.4.0`; undefined when it names none. */
export function runtimeOf({ runtimeInfo: { language, languageVersion } = {} }: WithRuntime): string | undefined {
  const name = language && (LANGUAGES[language] ?? language);
  return [name, languageVersion?.replace(/^(v|go)/, "")].filter(Boolean).join(" ") || undefined;
}
