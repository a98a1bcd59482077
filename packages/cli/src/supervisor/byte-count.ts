import { UsageError } from "../exit-codes.ts";

const UNITS: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** An amount of memory such as 512MB or 2GB, in bytes. @throws UsageError */
export function byteCount(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,9})\s?([KMG])i?B?$/i.exec(text) ?? [];
  const bytes = Number(count) * (UNITS[`${unit?.toUpperCase()}B`] ?? Number.NaN);
  if (!(bytes > 0)) throw new UsageError(`${name} is '${text}': it must be a number and a unit, such as 512MB or 2GB`);
  return bytes;
}
