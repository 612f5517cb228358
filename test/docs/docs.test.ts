import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { transformSync } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";

import { transform as compile } from "../../packages/compiler/src/transform.ts";
import { findBlocks, toModule, toPage } from "./blocks.ts";
import { expectValue } from "./expectation.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const generated = join(root, "test/docs/generated");

/** README and guide, and the doc comments of every source: [path, Markdown]. */
function readPages(): (readonly [path: string, markdown: string])[] {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const pages = globSync(["README.md", "docs/guide/*.md"], { cwd: root });
  const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).filter(
    (path) => !/\.test(-d)?\.ts$/.test(path),
  );
  return [
    ...pages.map((path) => [path, read(path)] as const),
    ...sources.map((path) => [path, toPage(read(path))] as const),
  ];
}

const pages = readPages()
  .map(([path, markdown]) => ({
    path,
    blocks: findBlocks(markdown),
    file: path.replaceAll(/[^\w-]+/g, "-"),
  }))
  .filter(({ blocks }) => blocks.length > 0);

// What vitest runs tests with does not take decorators; esbuild does.
// Modules are written before any test runs: importing them is how they are run.
rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
const unreadable = new Map<string, unknown>();
for (const { path, blocks, file } of pages) {
  try {
    writeFileSync(join(generated, `${file}.check.ts`), toModule(blocks, "check"));
    const module = toModule(blocks, "run");
    const isMarked = /"use memoize";|\/\* @memoize \*\//.test(module);
    const compiled = isMarked
      ? (compile(module, join(generated, `${file}.ts`))?.code ?? module)
      : module;
    const isDecorated = /^\s*@memoize\b/m.test(module);
    const run = isDecorated
      ? transformSync(compiled, { loader: "ts", target: "es2022" }).code
      : compiled;
    writeFileSync(join(generated, `${file}.run.ts`), run);
  } catch (error) {
    unreadable.set(path, error);
  }
}
writeFileSync(
  join(generated, "tsconfig.json"),
  JSON.stringify({
    extends: "../../../tsconfig.json",
    compilerOptions: {
      // Readers may use all of TypeScript.
      erasableSyntaxOnly: false,
      paths: {
        rote: ["../../../packages/rote/src/index.ts"],
        "rote/*": ["../../../packages/rote/src/*/index.ts"],
      },
    },
    include: ["*.check.ts"],
    exclude: [],
  }),
);

test.for(pages)("the blocks of $path can be read", ({ path }) => {
  if (unreadable.has(path)) throw unreadable.get(path);
});

test("the blocks of every page type-check", { timeout: 60_000 }, async () => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", generated]).catch(
    (error: { stdout: string }) => error,
  );

  expect(stdout).toBe("");
});

interface Expectation {
  readonly line: number;
  readonly block: number;
  readonly error?: Error;
}

const runnable = pages.filter(
  ({ path, blocks }) => !unreadable.has(path) && blocks.some((block) => block.runs),
);

describe.for(runnable)("the blocks of $path run and give what they say", ({ blocks, file }) => {
  const expectations: Expectation[] = [];
  let reached = 0;
  let broken: { readonly block: number; readonly error: unknown } | undefined;

  beforeAll(async () => {
    const scope = globalThis as Record<string, unknown>;
    scope["__enter"] = (line: number) => {
      reached = line;
    };
    scope["__expect"] = async (line: number, run: () => unknown, expected: string) => {
      const block = reached;
      try {
        await expectValue(run, expected);
        expectations.push({ line, block });
      } catch (error) {
        expectations.push({ line, block, error: error as Error });
      }
    };
    try {
      await import(/* @vite-ignore */ join(generated, `${file}.run.ts`));
    } catch (error) {
      broken = { block: reached, error };
    }
  });

  test.for(blocks.filter((block) => block.runs))("line $line", ({ line }) => {
    for (const { error, line: at, block } of expectations) {
      if (block !== line || error === undefined) continue;
      throw new Error(`line ${at}: ${error.message}`, {
        cause: error,
      });
    }
    if (broken !== undefined && broken.block <= line) {
      throw new Error(`the page stopped in its block at line ${broken.block}`, {
        cause: broken.error,
      });
    }
  });
});
