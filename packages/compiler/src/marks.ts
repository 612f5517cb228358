import { type Comment, directivesOf, isNode, type Node, nodes, type Path } from "./ast.ts";
import type { DiagnosticCode } from "./diagnostic.ts";

/** A function that is marked, and where the mark is. */
export interface Mark {
  readonly path: Path;
  readonly at: number;
}

type Report = (code: DiagnosticCode, at: number) => void;

/** Reads the marks of one file, and what was meant to be one. */
export class Marks {
  private readonly code: string;
  private readonly report: Report;
  /** Comments that no function has claimed yet. */
  private readonly comments: Set<Comment>;

  constructor(code: string, comments: readonly Comment[], report: Report) {
    this.code = code;
    this.report = report;
    this.comments = new Set(
      comments.filter(({ type, value }) => type === "Block" && /^\*?\s*@memoize\s*$/.test(value)),
    );
    for (const { type, value, start } of comments)
      if (type === "Line" && value.trim() === "@memoize") report("ROTE_SPELLING", start);
  }

  /** The mark of the node, if it is a function and has one. */
  read(path: Path): Mark | undefined {
    const { node, parent } = path;
    if (node.type === "Program") this.readProgram(node);
    if (node.type === "ExpressionStatement") this.readStatement(node, parent);
    if (!functions.has(node.type) || !isNode(node["body"])) return undefined;
    const comment =
      node.type === "ArrowFunctionExpression" ? this.commentBefore(node.start) : undefined;
    if (comment !== undefined) this.comments.delete(comment);
    const directive = this.directiveIn(node["body"]);
    const at = directive?.start ?? comment?.start;
    return at === undefined ? undefined : { path, at };
  }

  /** To be called when all functions have been seen. */
  finish(): void {
    for (const { start, end } of this.comments)
      // Not if another tool has read it, and wrapped the function.
      if (!/^[\s(]*\/\* @__PURE__ \*\//.test(this.code.slice(end)))
        this.report("ROTE_COMMENT", start);
  }

  private directiveIn(body: Node): Node | undefined {
    if (body.type !== "BlockStatement") return undefined;
    let found: Node | undefined;
    for (const statement of directivesOf(nodes(body["body"]))) {
      const text = statement["directive"] as string;
      if (text === DIRECTIVE) found ??= statement;
      else if (meant.test(text)) this.report("ROTE_SPELLING", statement.start);
    }
    return found;
  }

  private commentBefore(start: number): Comment | undefined {
    for (const comment of this.comments) {
      const between = this.code.slice(comment.end, Math.max(start, comment.end));
      if (comment.end <= start && /^[\s(]*$/.test(between)) return comment;
    }
    return undefined;
  }

  private readProgram(program: Node): void {
    for (const statement of directivesOf(nodes(program["body"])))
      if (statement["directive"] === DIRECTIVE) this.report("ROTE_FILE", statement.start);
  }

  /** A text that is a statement, and no directive. */
  private readStatement(statement: Node, parent: Path | undefined): void {
    if (typeof statement["directive"] === "string" || parent === undefined) return;
    let expression = statement["expression"] as Node;
    while (expression.type === "ParenthesizedExpression")
      expression = expression["expression"] as Node;
    if (expression.type === "Literal" && expression["value"] === DIRECTIVE)
      this.report("ROTE_POSITION", statement.start);
  }
}

/** Whether it is a function that begins with the directive. */
export function hasDirective(node: Node): boolean {
  const { body } = node;
  return (
    functions.has(node.type) &&
    isNode(body) &&
    body.type === "BlockStatement" &&
    directivesOf(nodes(body["body"])).some(({ directive }) => directive === DIRECTIVE)
  );
}

const DIRECTIVE = "use memoize";
/** Not `"use memo"` nor `"use no memo"`, which are React Compiler's. */
const meant = /^\s*use[\s_-]*memo(?:i[sz](?:e[ds]?|ation)|ri[sz]e[ds]?)\s*$/;

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
