/**
 * Runs test/matrix/suite.mjs against the built library under every supported Node, fetched by npm:
 *
 *     npm run matrix              20, 22, 24 and 26
 *     npm run matrix -- 22        one of them
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const versions = wanted.length > 0 ? wanted : ["20", "22", "24", "26"];

let passed = 0;
let failed = 0;
for (const version of versions) {
  const args = ["exec", "--yes", `--package=node@${version}`, "--", "node"];
  const node = (...rest) =>
    spawnSync("npm", [...args, ...rest], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      shell: process.platform === "win32",
    });

  // The suite must not run under another Node than the one it reports.
  const found = node("--version").stdout?.trim() ?? "";
  const { stdout } = node("--expose-gc", "test/matrix/suite.mjs");
  const line = /^(\d+) passed, (\d+) failed$/m.exec(stdout ?? "");
  const isRight = found.startsWith(`v${version.split(".")[0]}.`) && line !== null;
  passed += isRight ? Number(line[1]) : 0;
  failed += isRight ? Number(line[2]) : 1;
  console.log(`Node ${version.padEnd(4)} ${found.padEnd(10)} ${line?.[0] ?? "did not finish"}`);
}

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
