import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const sources = fileURLToPath(new URL("packages/rote/src", import.meta.url));

const compiler = fileURLToPath(new URL("packages/compiler/src", import.meta.url));

/** Tests run the TypeScript sources, so that a failure points at the line to mend. */
const alias = [
  { find: /^@rote\/compiler$/, replacement: `${compiler}/index.ts` },
  { find: /^@rote\/compiler\/([a-z]+)$/, replacement: `${compiler}/$1.ts` },
  { find: /^rote$/, replacement: `${sources}/index.ts` },
  { find: /^rote\/([a-z]+)$/, replacement: `${sources}/$1/index.ts` },
];

function project(name: string, include: string[], test: Record<string, unknown> = {}) {
  return {
    resolve: { alias },
    test: {
      name,
      include,
      pool: "forks" as const,
      execArgv: ["--expose-gc"],
      ...test,
    },
  };
}

const long = process.env["ROTE_RUNS"] === undefined ? 60_000 : 6 * 3_600_000;

export default defineConfig({
  test: {
    projects: [
      project("unit", ["packages/*/src/**/*.test.ts"], { testTimeout: long }),
      project("properties", ["test/properties/**/*.test.ts"], { testTimeout: long }),
      project("decorators", ["test/decorators/**/*.test.ts"], { testTimeout: 120_000 }),
      project("faults", ["test/faults/**/*.test.ts"], { testTimeout: long }),
      project("examples", ["test/examples/**/*.test.ts"], { testTimeout: 120_000 }),
      project("docs", ["test/docs/**/*.test.ts"], { testTimeout: 120_000 }),
      project("package", ["test/package/**/*.test.ts"], { testTimeout: 120_000 }),
      project("types", [], {
        typecheck: {
          enabled: true,
          only: true,
          include: ["packages/*/src/**/*.test-d.ts", "test/**/*.test-d.ts"],
          tsconfig: "./tsconfig.json",
        },
      }),
    ],
  },
});
