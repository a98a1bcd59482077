import type { Random } from "./random.ts";

/** Stands in a message where bytes are put that are no UTF-8. */
export const NO_UTF8 = "no-utf-8";

const DEEP = 100_000;
const MANY_KEYS = 100_000;

/** Texts that break what does not expect them, by what is wrong with them; each is sent to every method. */
export const BREAKING_TEXTS: Readonly<Record<string, string>> = {
  NUL: "a\0b",
  "no UTF-8": NO_UTF8,
  "huge JSON": `{"a":"${"x".repeat(2_000_000)}"}`,
  "deep JSON": `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`,
  "JSON with many keys": JSON.stringify(
    Object.fromEntries(Array.from({ length: MANY_KEYS }, (_, i) => [`key-${i}`, i])),
  ),
};

/** Texts that nobody should send. Made when asked for, as some are long. */
const TEXTS: readonly (() => string)[] = [
  () => "",
  () => " ",
  () => "\0",
  () => "a\0b",
  () => '{"a":"\\u0000"}',
  () => NO_UTF8,
  () => "\ufffd\u202e💥",
  () => "x".repeat(300),
  () => "x".repeat(1_000_000),
  () => "[".repeat(DEEP) + "]".repeat(DEEP),
  () => `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`,
  () => `{"a":${"9".repeat(10_000)}}`,
  () => JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key-${i}`, i]))),
  () => "{",
  () => "null",
  () => "[]",
  () => '"text"',
  () => "{}",
  () => "'; drop table task_run; --",
  () => "../../etc/passwd",
  () => "%00",
  () => "00000000-0000-0000-0000-000000000000",
  () => "ffffffff-ffff-ffff-ffff-ffffffffffff",
  () => "{00000000-0000-0000-0000-000000000000}",
  () => "00000000000000000000000000000000",
  () => "1h",
  () => "9999999999999999999h",
  () => "-1s",
  () => "1e9s",
  () => "__proto__",
  () => "constructor",
];
const NUMBERS = [0, -1, 1, 4, 127, 32_768, 2_147_483_647, -2_147_483_648];
const DATES = [-62_135_596_800_000, 0, 253_402_300_799_000, -8.64e15, 8.64e15];
const MANY = 10_000;

export function hostileText(random: Random): string {
  return random.pick(TEXTS)();
}

/** The value with one of its texts, whichever chance picks, replaced by another. */
export function withText(value: unknown, text: string, random: Random): unknown {
  let at = random.below(Math.max(1, countTexts(value)));
  const replace = (one: unknown): unknown => {
    if (isText(one)) return at-- === 0 ? (typeof one === "string" ? text : Buffer.from(text)) : one;
    if (Array.isArray(one)) return one.map(replace);
    if (!isObject(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([key, part]) => [key, key === "$case" ? part : replace(part)]));
  };
  return replace(value);
}

function countTexts(value: unknown): number {
  if (isText(value)) return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countTexts(one), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce((sum, [key, part]) => sum + (key === "$case" ? 0 : countTexts(part)), 0);
}

function isText(value: unknown): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !(value instanceof Date);
}

/** The value with one part of it, deep inside or the whole, replaced by something unwelcome of the same type. */
export function spoil(value: unknown, random: Random): unknown {
  if (typeof value === "string") return hostileText(random);
  if (typeof value === "number") return random.pick(NUMBERS);
  if (typeof value === "boolean") return !value;
  if (value instanceof Date) return new Date(random.pick(DATES));
  if (value instanceof Uint8Array) return Buffer.from(hostileText(random));
  if (Array.isArray(value)) return spoilList(value, random);
  if (value !== null && typeof value === "object") return spoilObject(value as Record<string, unknown>, random);
  return value;
}

function spoilList(list: readonly unknown[], random: Random): unknown[] {
  const [first] = list;
  if (first === undefined) return [];
  if (random.next() < 0.1) return Array.from({ length: MANY }, () => first);
  if (random.next() < 0.2) return [];
  const at = random.below(list.length);
  return list.map((item, index) => (index === at ? spoil(item, random) : item));
}

/** A protobuf map is an object of any keys, and everything else one of its fields; the samples name the former `$…`. */
function spoilObject(object: Record<string, unknown>, random: Random): Record<string, unknown> {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  if (keys.length === 0) return object;
  const key = random.pick(keys);
  if (!key.startsWith("$")) return { ...object, [key]: spoil(object[key], random) };
  const value = object[key];
  if (random.next() < 0.2) return Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`key-${i}`, value]));
  return random.next() < 0.5 ? { [hostileText(random)]: value } : { [key]: spoil(value, random) };
}

/** Puts bytes that are no UTF-8 where {@link NO_UTF8} stands; lengths stay as they are. */
export function breakUtf8(message: Buffer): Buffer {
  const spoilt = Buffer.from(message);
  for (let at = spoilt.indexOf(NO_UTF8); at !== -1; at = spoilt.indexOf(NO_UTF8, at + 1)) {
    spoilt.fill(0xff, at, at + NO_UTF8.length);
  }
  return spoilt;
}
