/**
 * The word of an enum's number, as registrations hold it. A number without a word is passed on as digits, to be refused
 * with the allowed words where the field is checked.
 */
export function enumWord(words: Readonly<Record<string, number>>, value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Object.keys(words).find((word) => words[word] === value) ?? String(value);
}
