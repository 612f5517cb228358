import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

import { outputOf } from "../../../test/support/builds.ts";

const hooks = new URL("../dist/hooks.js", import.meta.url).href;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "rote-hooks-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const fib = `let runs = 0; export function fib(n: number): number { runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); } export const runsOf = () => runs;`;

test("a function of one file is memoized, where no rote is installed", () => {
  const file = write("fib.ts", fib);
  cpSync(file, join(folder, "other.ts"));
  const main = write(
    "main.mjs",
    `import { installHooks } from ${JSON.stringify(hooks)};
    installHooks({ entry: { file: ${JSON.stringify(file)}, functions: ["fib"] }, fallback: ${JSON.stringify(hooks)} });
    for (const name of ["fib", "other"]) {
      const { fib, runsOf } = await import(\`./\${name}.ts\`);
      console.log(fib(15), runsOf());
    }`,
  );

  expect(outputOf(main)).toBe("610 16\n610 1973\n");
});

test("what cannot be memoized there is told, and is no warning", () => {
  const file = write("letters.mjs", `export function* letters() {}`);
  const main = write(
    "told.mjs",
    `import { installHooks } from ${JSON.stringify(hooks)};
    process.on("warning", console.log);
    const onDiagnostic = ({ code }) => console.log(code);
    installHooks({ entry: { file: ${JSON.stringify(file)}, functions: ["letters"], onDiagnostic } });
    await import("./letters.mjs");`,
  );

  expect(outputOf(main)).toBe("ROTE_GENERATOR\n");
});

test("a CommonJS program is given that copy, too", () => {
  write(
    "fib.cjs",
    `exports.fib = function fib(n) { "use memoize"; return n < 2 ? n : fib(n - 1) + fib(n - 2); };`,
  );
  const main = write(
    "main.cjs",
    `const { installHooks } = require(${JSON.stringify(fileURLToPath(hooks))});
    installHooks({ fallback: ${JSON.stringify(hooks)} });
    console.log(require("./fib.cjs").fib(80));`,
  );

  expect(outputOf(main)).toBe("23416728348467684\n");
});
