/**
 * Turns the TypeScript blocks of a page into one module that can be checked and run.
 *
 * 1. Blocks are nested, each in its own braces inside the one before: a later block sees the names
 *    of earlier ones and may declare them anew. Imports move to the top; blocks export nothing
 *    but the default of a configuration, which is looked at as an expression.
 * 2. `expression; //=> value` and `const x = expression; //=> value` are asserted. The value is
 *    an expression, compared deeply. `…` as the last element says that there may be more;
 *    `throws ERR_CODE` (or a part of the message) says that the expression throws.
 *    After `console.log(x)` the value is compared with x.
 * 3. A block marked ```ts no-run is type-checked only.
 */
import { parseSync, type ESTree } from "vite";

export interface Block {
  /** Line of the page on which the code starts. */
  readonly line: number;
  readonly code: string;
  readonly runs: boolean;
}

/** All ```ts blocks of a page; a block inside a list item keeps its indentation. */
export function findBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  const fence = /^([ \t]*)```ts([^\n]*)\n([\s\S]*?)^\1```[ \t]*$/gm;
  for (const match of markdown.matchAll(fence)) {
    const [, , info = "", code = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    blocks.push({ line, code, runs: !/\bno-run\b/.test(info) });
  }
  return blocks;
}

/** A source with everything but its doc comments blanked out: a page of the same lines. */
export function toPage(source: string): string {
  let isInComment = false;
  const lines = source.split("\n").map((line) => {
    if (/^\s*\/\*\*/.test(line)) isInComment = true;
    const text = isInComment ? line.replace(/^\s*(?:\/\*)?\*(?!\/) ?/, "") : "";
    if (line.includes("*/")) isInComment = false;
    return text;
  });
  return lines.join("\n");
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function applyEdits(code: string, edits: readonly Edit[]): string {
  let result = code;
  // From the back, so that earlier positions stay right.
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end);
  }
  return result;
}

/** The text after `//=>` on the line on which a statement ends, if there is one. */
function expectedAfter(code: string, end: number): string | undefined {
  return /^[ \t;]*\/\/=>[ \t]*(.+)$/m.exec(code.slice(end).split("\n", 1)[0] ?? "")?.[1]?.trim();
}

type Statement = ESTree.Directive | ESTree.Statement;

interface Position {
  readonly start: number;
  readonly end: number;
}

/** One block with its imports taken out and its assertions put in. */
function instrument(block: Block): { imports: string[]; body: string } {
  const { code, line } = block;
  const imports: string[] = [];
  const edits: Edit[] = [];
  const parsed = parseSync("block.ts", code, { preserveParens: false });
  const [error] = parsed.errors;
  if (error !== undefined) throw new SyntaxError(`block at line ${line}: ${error.message}`);

  const slice = ({ start, end }: Position) => code.slice(start, end);
  const lineAt = (position: number) => line + code.slice(0, position).split("\n").length - 1;

  let asserted = 0;
  for (const node of statementsIn(parsed.program.body)) {
    if (node.type === "ImportDeclaration") {
      imports.push(slice(node));
      // Line breaks stay, so that the lines of messages stay right.
      edits.push({ ...node, text: slice(node).replaceAll(/[^\n]/g, "") });
      continue;
    }
    if (node.type === "ExportDefaultDeclaration") {
      edits.push({ ...node, text: `void ${slice(node.declaration)};` });
      continue;
    }
    const expected = block.runs ? expectedAfter(code, node.end) : undefined;
    if (expected === undefined) continue;
    const at = lineAt(node.end - 1);
    const wanted = JSON.stringify(expected);

    if (node.type === "ExpressionStatement") {
      const call = node.expression.type === "CallExpression" ? node.expression : undefined;
      const logged =
        call !== undefined && slice(call.callee) === "console.log" && call.arguments.length === 1
          ? call.arguments[0]
          : undefined;
      const text = slice(logged ?? node.expression);
      const isAwaited = /\bawait\b/.test(text);
      const thunk = isAwaited ? `async () => (${text})` : `() => (${text})`;
      edits.push({ ...node, text: `await __expect(${at}, ${thunk}, ${wanted});` });
      asserted += 1;
    } else if (node.type === "VariableDeclaration" && node.declarations.length === 1) {
      const name = slice(node.declarations[0]!.id);
      const text = `${slice(node)} await __expect(${at}, () => ${name}, ${wanted});`;
      edits.push({ ...node, text });
      asserted += 1;
    }
  }
  if (block.runs && asserted !== code.split("//=>").length - 1) {
    throw new SyntaxError(
      `block at line ${line}: every //=> must follow an expression or one declaration, outside functions`,
    );
  }
  return { imports, body: applyEdits(code, edits) };
}

/** Every statement that runs when the block runs: also those inside braces, but not in functions. */
function* statementsIn(nodes: Iterable<Statement | null | undefined>): Generator<Statement> {
  for (const node of nodes) {
    if (node === null || node === undefined) continue;
    switch (node.type) {
      case "BlockStatement":
        yield* statementsIn(node.body);
        break;
      case "TryStatement":
        yield* statementsIn([node.block, node.handler?.body, node.finalizer]);
        break;
      case "IfStatement":
        yield* statementsIn([node.consequent, node.alternate]);
        break;
      case "ForStatement":
      case "ForOfStatement":
      case "ForInStatement":
      case "WhileStatement":
        yield* statementsIn([node.body]);
        break;
      default:
        yield node;
    }
  }
}

/** Two modules of one page: every block, for the type checker; those that run, to be run. */
export function toModule(blocks: readonly Block[], purpose: "check" | "run"): string {
  const imports: string[] = [];
  let opening = "";
  let closing = "";
  for (const block of blocks) {
    if (purpose === "run" && !block.runs) continue;
    const instrumented = instrument(block);
    for (const line of instrumented.imports) if (!imports.includes(line)) imports.push(line);
    if (block.runs) {
      opening += `{ __enter(${block.line});\n${instrumented.body}\n`;
      closing += "}";
    } else {
      opening += `void (async () => {\n${instrumented.body}\n});\n`;
    }
  }
  return [
    "// Generated from a page by test/docs.",
    mergeImports(imports),
    "declare const __enter: (line: number) => void;",
    "declare const __expect: (line: number, run: () => unknown, expected: string) => Promise<void>;",
    opening + closing,
    "export {};",
    "",
  ].join("\n");
}

/** Blocks of one page import the same names again and again; a module may do so only once. */
function mergeImports(imports: readonly string[]): string {
  const names = new Map<string, Set<string>>();
  const rest: string[] = [];
  for (const line of imports) {
    const match = /^import (type )?\{([^}]*)\} from (["'][^"']+["']);?$/.exec(line.trim());
    if (match === null) {
      rest.push(line);
      continue;
    }
    const [, type = "", list = "", from = ""] = match;
    const known = names.get(from) ?? new Set<string>();
    names.set(from, known);
    for (const name of list.split(",")) if (name.trim() !== "") known.add(type + name.trim());
  }
  const merged = [...names].map(([from, set]) => `import { ${[...set].join(", ")} } from ${from};`);
  return [...rest, ...merged].join("\n");
}
