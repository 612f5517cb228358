import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const bin = fileURLToPath(new URL("../dist/rote.js", import.meta.url));

/** Runs the built command; resolves however it ends. */
function rote(...args: string[]): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

test("--version prints the version of the package", async () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  expect(await rote("--version")).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
});

test("--help lists the commands", async () => {
  const { exitCode, stdout } = await rote("--help");
  expect(stdout).toMatch(/^ {2}compare /m);
  expect(stdout).toMatch(/^ {2}cache /m);
  expect(stdout).toMatch(/^ {2}check /m);
  expect(stdout).toMatch(/^ {2}run /m);
  expect(exitCode).toBe(0);
});

test("compare --help explains arguments and exit codes", async () => {
  const { exitCode, stdout } = await rote("compare", "--help");
  expect(stdout).toContain("123n for a BigInt");
  expect(stdout).toContain("Exit code:");
  expect(exitCode).toBe(0);
});

test("a misspelt command is answered with the one that was meant", async () => {
  expect(await rote("comapre")).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "error: unknown command 'comapre'\nhint: Did you mean compare?\n",
  });
});

test("no command at all is wrong usage, answered with the help", async () => {
  const { exitCode, stdout, stderr } = await rote();
  expect(stdout).toBe("");
  expect(stderr).toContain("Usage: rote");
  expect(exitCode).toBe(2);
});
