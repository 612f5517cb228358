/**
 * Reads declarations with their doc comments: from a source (the option table) or from the
 * emitted .d.ts files (the reference, where bodies are gone and types are written out).
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { parseSync } from "vite";

/** Splits a doc comment into its text and its tags: [{ tag: "param", text: "fn - …" }, …]. */
function parseComment(raw) {
  const lines = raw
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const parts = [{ tag: "", text: "" }];
  let isInCode = false;
  for (const line of lines) {
    if (line.startsWith("```")) isInCode = !isInCode;
    const tag = isInCode ? null : /^@(\w+)\s*(.*)$/.exec(line);
    if (tag) parts.push({ tag: tag[1], text: tag[2] });
    else parts.at(-1).text += `\n${line}`;
  }
  for (const part of parts) {
    part.text = part.text.replaceAll(/\{@link ([^}|]+)(?:\|[^}]*)?\}/g, "`$1`").trim();
  }
  return { text: parts[0].text, tags: parts.slice(1) };
}

/** The doc comment that ends right before `start`, nothing but white space between. */
function commentBefore(code, start) {
  const match = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(code.slice(0, start));
  return parseComment(match === null ? "/***/" : match[0].trim());
}

const withoutComments = (code) => code.replaceAll(/\s*\/\*\*(?:(?!\*\/)[\s\S])*\*\//g, "");

function describe(code, node, start) {
  const declaration = {
    kind: node.type,
    name: node.id?.name ?? node.declarations?.[0]?.id.name,
    signature: withoutComments(code.slice(start, node.end)),
    comment: commentBefore(code, start),
    members: [],
  };
  const body = node.body?.body;
  if (Array.isArray(body)) {
    for (const member of body) {
      // What a namespace adds to a function is named as it is declared.
      const name = member.key?.name ?? member.key?.value ?? member.id?.name;
      if (name === undefined) continue;
      declaration.members.push({
        name,
        signature: withoutComments(code.slice(member.start, member.end)).trim(),
        comment: commentBefore(code, member.start),
      });
    }
  }
  return declaration;
}

/** Every declaration at the top of a file, in order; overloads are several with one name. */
function readDeclarations(path) {
  const code = readFileSync(path, "utf8");
  const declarations = [];
  for (const node of parseSync(path, code).program.body) {
    const inner = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    if (inner?.id || inner?.declarations) declarations.push(describe(code, inner, node.start));
  }
  return declarations;
}

/** The declaration called `name` in one file. */
export function readDeclaration(path, name) {
  const found = readDeclarations(path).find((declaration) => declaration.name === name);
  if (found === undefined) throw new Error(`${path} has no declaration of ${name}`);
  return found;
}

/** Everything an entry file exports by name, re-exports followed but for those of other packages: [{ name, declarations }]. */
export function readExports(path) {
  const code = readFileSync(path, "utf8");
  const own = readDeclarations(path);
  const exports = [];
  for (const node of parseSync(path, code).program.body) {
    if (node.type !== "ExportNamedDeclaration") continue;
    // What another package has is documented there.
    if (node.source && !node.source.value.startsWith(".")) continue;
    for (const { exported, local } of node.specifiers) {
      const from = node.source?.value.replace(/\.[jt]s$/, ".d.ts");
      const declarations = from
        ? readExports(resolve(dirname(path), from)).find(({ name }) => name === local.name)
            ?.declarations
        : own.filter(({ name }) => name === local.name);
      exports.push({ name: exported.name, declarations: declarations ?? [] });
    }
    const name = node.declaration?.id?.name ?? node.declaration?.declarations?.[0]?.id.name;
    if (name !== undefined && !exports.some((entry) => entry.name === name)) {
      exports.push({ name, declarations: own.filter((declaration) => declaration.name === name) });
    }
  }
  return exports;
}
