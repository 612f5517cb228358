import { expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { parseArguments } from "./arguments.ts";

test.each([
  ["36", 36],
  ["-1.5e3", -1500],
  ['"36"', "36"],
  ["null", null],
  ["[1,[2]]", [1, [2]]],
  ["36n", 36n],
  ["-36n", -36n],
  ["0n", 0n],
  ['{"a":[1n, 2],"b":{"c":-3n}}', { a: [1n, 2], b: { c: -3n } }],
  ['"12n and \\"3n\\""', '12n and "3n"'],
  ['["1n",1n]', ["1n", 1n]],
])("%s is an argument", (text, value) => {
  expect(parseArguments([text])).toEqual([value]);
});

test.each(["1.5n", "01n", "1e3n", "--1n", "n", "hello", "undefined", "{a:1}", "", "[1,]", "1 2n"])(
  "%j is not",
  (text) => {
    expect(() => parseArguments(["1", text])).toThrow(
      expect.objectContaining({ message: `argument 2 is not JSON: ${text}`, exitCode: 2 }),
    );
    expect(() => parseArguments([text])).toThrow(Failure);
  },
);

test("a bare word is shown with the quotes it needs", () => {
  expect(() => parseArguments(["hello"])).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(`'"hello"'`) }),
  );
});
