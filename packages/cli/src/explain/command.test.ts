import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rote-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));

function rote(...args: string[]): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, "explain", ...args],
      { cwd: folder },
      (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

beforeEach(() => {
  writeFileSync(join(folder, "rates.ts"), "\nexport const eur = 1;\nexport const usd = 2;\n");
  writeFileSync(
    join(folder, "shop.ts"),
    'import { eur } from "./rates.ts";\nexport const price = (n: number) => n * eur;\nexport const now = () => Date.now() + Number(process.env.SHIFT);\n',
  );
});

test("it lists what a function can reach", async () => {
  const { exitCode, stdout } = await rote("shop.ts#price");
  expect(stdout).toMatch(
    /^shop\.ts#price {2}1-[0-9a-f]{64}\n\n {2}price shop\.ts:2\n {2}eur rates\.ts:2\n$/,
  );
  expect(exitCode).toBe(0);
});

test("a position means the function there", async () => {
  const byName = await rote("shop.ts#price");
  const byPlace = await rote("shop.ts#2:30");
  expect(byPlace.stdout.split("  ")[1]).toBe(byName.stdout.split("  ")[1]);
});

test("what it cannot see ends with 1", async () => {
  const { exitCode, stdout } = await rote("shop.ts#now", "--env", "SHIFT");
  expect(stdout).toContain("  shop.ts:3:26 ROTE_UNSEEN_CLOCK: It reads the clock");
  expect(stdout).not.toContain("ROTE_UNSEEN_ENV");
  expect(stdout).toContain("  SHIFT environment\n");
  expect(exitCode).toBe(1);
});

test("it lists what makes a function impure", async () => {
  const { stdout } = await rote("shop.ts#now");
  expect(stdout).toContain("\nNotes:\n  shop.ts:3:26 ROTE_CLOCK: It reads the clock (Date.now)");
  expect((await rote("shop.ts#price")).stdout).not.toContain("Notes:");
});

test("it says which declaration has changed since it was saved", async () => {
  await rote("shop.ts#price", "--save", "price.json");
  expect(await rote("shop.ts#price", "--since", "price.json")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("\nNothing has changed.\n"),
  });
  writeFileSync(join(folder, "rates.ts"), "// new\n\nexport const eur = 3;\n");
  expect(await rote("shop.ts#price", "--since", "price.json")).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining("\nChanged:\n  eur in rates.ts:3 changed\n"),
  });
});

test("--json prints it for machines", async () => {
  const { stdout } = await rote("shop.ts#price", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    algorithm: 1,
    isComplete: true,
    reached: [{ name: "price" }, { name: "eur", file: "rates.ts", line: 2 }],
  });
});

test("wrong usage is told with what to do", async () => {
  expect(await rote("shop.ts")).toMatchObject({
    exitCode: 2,
    stderr:
      'error: "shop.ts" says no function of a file.\nhint: Write the file, #, and the name of the function: src/rates.ts#price\n',
  });
  const { exitCode, stderr } = await rote("shop.ts#pric");
  expect(stderr).toMatch(
    /error: There is no function "pric" in .*\nhint: Its functions are: price, now\.\n/,
  );
  expect(exitCode).toBe(2);
  writeFileSync(join(folder, "wrong.json"), "[]");
  expect((await rote("shop.ts#price", "--since", "wrong.json")).stderr).toBe(
    "error: wrong.json is not what --save has written.\nhint: Write it with --save wrong.json\n",
  );
});
