/**
 * `@memoize` as compilers emit it: the same programs, type-checked and compiled by the oldest and the
 * newest TypeScript that is supported, and compiled by esbuild, in the standard form and
 * under `experimentalDecorators`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { transform } from "esbuild";
import { afterAll, beforeAll, describe, test } from "vitest";

type Cases = Record<string, () => void | Promise<void>>;

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const output = join(here, "compiled");

const oldest = "test/package/node_modules/typescript";
const newest = "node_modules/typescript";

interface Form {
  readonly compiler: string;
  readonly isLegacy: boolean;
  readonly programs: readonly string[];
  compile(directory: string): void | Promise<void>;
}

function typescript(version: "5.4" | "7", isLegacy: boolean, programs: string[]): Form {
  const isOldest = version === "5.4";
  return {
    compiler: `TypeScript ${version}`,
    isLegacy,
    programs,
    compile(directory) {
      const args = [
        join(root, isOldest ? oldest : newest, "bin/tsc"),
        ...programs.map((program) => join(here, `${program}.ts`)),
        ..."--target ES2022 --module NodeNext --types node --strict --skipLibCheck --noEmitOnError".split(
          " ",
        ),
        "--outDir",
        directory,
        ...(isLegacy ? ["--experimentalDecorators"] : []),
        ...(isOldest ? [] : ["--ignoreConfig"]),
      ];
      try {
        execFileSync(process.execPath, args, { encoding: "utf8", cwd: root });
      } catch (error) {
        throw new Error((error as { stdout: string }).stdout, { cause: error });
      }
    },
  };
}

function esbuild(isLegacy: boolean, programs: string[]): Form {
  return {
    compiler: "esbuild",
    isLegacy,
    programs,
    async compile(directory) {
      for (const program of programs) {
        const { code } = await transform(readFileSync(join(here, `${program}.ts`), "utf8"), {
          loader: "ts",
          format: "esm",
          target: "es2022",
          tsconfigRaw: { compilerOptions: { experimentalDecorators: isLegacy } },
        });
        writeFileSync(join(directory, `${program}.js`), code);
      }
    },
  };
}

const forms = [
  typescript("5.4", false, ["methods", "private"]),
  typescript("7", false, ["methods", "private"]),
  esbuild(false, ["methods", "private"]),
  typescript("5.4", true, ["methods"]),
  typescript("7", true, ["methods"]),
  esbuild(true, ["methods"]),
];

afterAll(() => rmSync(output, { recursive: true, force: true }));

describe.for(forms)("$compiler, experimentalDecorators: $isLegacy", (form) => {
  const directory = join(output, `${forms.indexOf(form)}`);
  const compiled: Record<string, Cases> = {};

  beforeAll(async () => {
    mkdirSync(directory, { recursive: true });
    await form.compile(directory);
    for (const program of form.programs) {
      const path = pathToFileURL(join(directory, `${program}.js`)).href;
      compiled[program] = ((await import(/* @vite-ignore */ path)) as { cases: Cases }).cases;
    }
  }, 120_000);

  test.for(form.programs)("%s", async (program) => {
    for (const [sentence, show] of Object.entries(compiled[program] as Cases)) {
      try {
        await show();
      } catch (error) {
        throw new Error(`${sentence}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});
