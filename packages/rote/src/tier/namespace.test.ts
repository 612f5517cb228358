import { expect, test } from "vitest";

import { memoize } from "../index.ts";
import { defineStore } from "../store/index.ts";
import { memoryStore } from "../testing/index.ts";
import { splitNamespace } from "./namespace.ts";

const square = (n: number): number => n * n;

/** The namespace that a function gets, taken apart. */
function partsOf(options: { name: string; version?: string }): unknown {
  const store = defineStore(memoryStore());
  memoize(square, { store, ...options })(2);
  return [...store.list()].map(({ namespace }) => splitNamespace(namespace));
}

test.each([
  ["render", "3"],
  ["pages/render", "feature/x"],
  ["a\nb", " "],
  ["render", "a/v:b"],
])("%j of version %j is taken apart as it was put together", (name, version) => {
  expect(partsOf({ name, version })).toEqual([{ name, version, digest: undefined }]);
});

test("without a version the digest of the text is told", () => {
  expect(partsOf({ name: "a/square" })).toEqual([
    { name: "a/square", version: undefined, digest: expect.stringMatching(/^[\da-f]{64}$/) },
  ]);
});

test.each(["render/3", "", "/", "render/t:00", "render/w:3"])("%j is a name alone", (namespace) => {
  expect(splitNamespace(namespace)).toEqual({
    name: namespace,
    version: undefined,
    digest: undefined,
  });
});
