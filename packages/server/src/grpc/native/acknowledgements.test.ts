import { expect, test } from "vitest";
import { Acknowledgements } from "./acknowledgements.ts";

test("acknowledges the last frame before the first that is not durable", () => {
  const through: number[] = [];
  const acknowledgements = new Acknowledgements((number) => through.push(number));
  const [one, two, three, four] = [1, 2, 3, 4].map((number) => acknowledgements.begin(number));

  two?.();
  expect(through).toEqual([]);
  one?.();
  expect(through).toEqual([2]);
  four?.();
  expect(through).toEqual([2]);
  three?.();
  expect(through).toEqual([2, 4]);
});
