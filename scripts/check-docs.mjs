/**
 * Keeps what is generated equal to what it is generated from; a stale copy fails.
 *
 *     npm run docs         rewrites the copies
 *
 * - README.md, between <!-- options:start --> and <!-- options:end -->: the table of options, from
 *   the doc comments of MemoizeOptions (first sentence, @defaultValue).
 * - README.md, between <!-- size:SUBPATH --> and <!-- /size -->: the measured size of an import.
 * - packages/rote/README.md and each package's LICENSE: copies, because npm packs no file from above.
 * - docs/guide/purity.md, between <!-- purity:PART --> and <!-- /purity -->: what purity notes find and miss,
 *   from the cases that the tests of @rote/compiler run.
 * - docs/reference/SUBPATH.md: every public name, from the emitted declarations.
 *
 * And no page has marks of a merge in it, also as the formatter rewrites them.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { readDeclaration, readExports } from "./doc-comments.mjs";
import { formatSize, measureSizes } from "./sizes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const writes = process.argv.includes("--write");
const problems = [];

const firstSentence = (text) =>
  (/^[\s\S]*?\.(?=\s|$)/.exec(text)?.[0] ?? text).replaceAll(/\s+/g, " ").replace(/\.$/, "");

const tagOf = (comment, tag) => comment.tags.find((entry) => entry.tag === tag)?.text;

function optionTable() {
  const path = join(root, "packages/rote/src/options.ts");
  const rows = [["option", "meaning", "default"]];
  for (const { name, comment } of readDeclaration(path, "MemoizeOptions").members) {
    if (tagOf(comment, "internal") !== undefined) continue;
    const standard = tagOf(comment, "defaultValue");
    if (comment.text === "") problems.push(`MemoizeOptions.${name} has no doc comment`);
    if (standard === undefined) problems.push(`MemoizeOptions.${name} has no @defaultValue`);
    const row = [`\`${name}\``, firstSentence(comment.text), standard ?? ""];
    rows.push(row.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")));
  }
  // Padded as the formatter pads tables, so that it has nothing to change.
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** The cases of the purity notes, for the guide: what is found, and what is missed and why. */
async function purityTables() {
  const fixtures = "../packages/compiler/src/purity/fixtures";
  const { expectedIn } = await import(`${fixtures}/case.ts`);
  const { planted } = await import(`${fixtures}/planted.ts`);
  const { misses } = await import(`${fixtures}/missed.ts`);
  const { clean } = await import(`${fixtures}/clean.ts`);
  const codesOf = (one, mark) =>
    [...new Set(expectedIn(one, mark).map((line) => line.split(" ")[1]))].join(", ");
  const byCode = Map.groupBy(planted, (one) => codesOf(one, "!"));
  const found = [...byCode].map(([code, cases]) => {
    const names = cases.map(({ name }) => name).join("; ");
    return `- \`${code.replaceAll(", ", "`, `")}\`: ${names}.`;
  });
  const missed = misses.map((one) => `- ${one.name} (\`${codesOf(one, "?")}\`): ${one.why}.`);
  const numbers = `${planted.length} planted programs are found to the line, ${misses.length} are known to be missed, and of ${clean.length} clean ones nothing is said.`;
  return { found: found.join("\n"), missed: missed.join("\n"), numbers };
}

/** The text with everything between two markers replaced; unchanged where they are missing. */
function replaceBetween(text, start, end, content) {
  const from = text.indexOf(start);
  if (from === -1) return text;
  const to = text.indexOf(end, from);
  if (to === -1) throw new Error(`"${start}" is not followed by "${end}"`);
  return text.slice(0, from + start.length) + content + text.slice(to);
}

function renderComment({ text, tags }) {
  const parts = [text];
  const list = (title, tag, prefix) => {
    const items = tags.filter((entry) => entry.tag === tag);
    if (items.length === 0) return;
    const bullets = items.map((entry) => `- ${prefix(entry.text).replaceAll("\n", "\n  ")}`);
    parts.push(`**${title}**`, bullets.join("\n"));
  };
  list("Parameters", "param", (item) => item.replace(/^(\w+)\s*-?\s*/, "`$1`: "));
  list("Returns", "returns", (item) => item);
  list("Default", "defaultValue", (item) => item);
  list("Throws", "throws", (item) => item.replace(/^\{(\w+)\}\s*/, "`$1` "));
  for (const { tag, text: example } of tags) if (tag === "example") parts.push(example);
  return parts.filter((part) => part !== "").join("\n\n");
}

function reference(specifier, path) {
  const parts = [
    `# Reference: ${specifier}`,
    "Generated from the doc comments by `npm run docs`; edit those.",
  ];
  for (const { name, declarations } of readExports(path)) {
    const visible = declarations.filter(({ comment }) => tagOf(comment, "internal") === undefined);
    if (visible.length === 0) continue;
    const signatures = visible.map(({ signature }) =>
      signature.replace(/^export /, "").replace(/^declare /, ""),
    );
    parts.push(`## ${name}`, `\`\`\`ts\n${signatures.join("\n")}\n\`\`\``);
    for (const { comment, members } of visible) {
      parts.push(renderComment(comment));
      for (const member of members) {
        if (member.comment.text === "") continue;
        parts.push(`### ${name}.${member.name}`, renderComment(member.comment));
      }
    }
  }
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Compares a file with what it should say, or writes it. */
function settle(path, wanted) {
  const full = join(root, path);
  const current = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  if (current === wanted) return;
  if (writes) {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, wanted);
    console.log(`wrote ${path}`);
  } else {
    problems.push(`${path} is stale. Run "npm run docs" and commit the result.`);
  }
}

if (existsSync(join(root, "README.md"))) {
  let readme = readFileSync(join(root, "README.md"), "utf8");
  if (!readme.includes("<!-- options:start -->")) {
    problems.push("README.md has no <!-- options:start --> … <!-- options:end -->");
  }
  const table = `\n\n${optionTable()}\n\n`;
  readme = replaceBetween(readme, "<!-- options:start -->", "<!-- options:end -->", table);
  for (const { specifier, bytes } of await measureSizes()) {
    const start = `<!-- size:${specifier} -->`;
    readme = replaceBetween(readme, start, "<!-- /size -->", formatSize(bytes));
  }
  settle("README.md", readme);
  settle("packages/rote/README.md", readme);
} else {
  problems.push("README.md is missing");
}

const license = readFileSync(join(root, "LICENSE"), "utf8");
settle("packages/rote/LICENSE", license);
settle("packages/cli/LICENSE", license);
settle("packages/compiler/LICENSE", license);

const { exports } = JSON.parse(readFileSync(join(root, "packages/rote/package.json"), "utf8"));
for (const [subpath, target] of Object.entries(exports)) {
  if (subpath === "./package.json") continue;
  const specifier = subpath.replace(/^\./, "rote");
  const name = specifier.replaceAll("/", "-");
  settle(
    `docs/reference/${name}.md`,
    reference(specifier, join(root, "packages/rote", target.types)),
  );
}

settle(
  "docs/reference/rote-compiler.md",
  reference("@rote/compiler", join(root, "packages/compiler/dist/index.d.ts")),
);

{
  const path = "docs/guide/purity.md";
  let page = readFileSync(join(root, path), "utf8");
  const tables = await purityTables();
  page = replaceBetween(page, "<!-- purity:numbers -->", "<!-- /purity -->", tables.numbers);
  for (const part of ["found", "missed"]) {
    const start = `<!-- purity:${part} -->`;
    page = replaceBetween(page, start, "<!-- /purity -->", `\n\n${tables[part]}\n\n`);
  }
  settle(path, page);
}

const pages = "{*,docs/**/*,packages/*/*,bench/{*,results/*}}.md";
for (const path of globSync(pages, { cwd: root })) {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  const at = lines.findIndex((line) => /^(<{7} |={7}$|\| ={7} |>{7} |(> ){7})/.test(line));
  if (at !== -1) problems.push(`${path}:${at + 1} is a mark of a merge. Settle the merge there.`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
