import { beyondBrackets, bodyOf, type Node, type Path, walk } from "../ast.ts";
import { invalidOption } from "../invalid.ts";
import { qualifiedName } from "../names.ts";
import { isErased } from "./erased.ts";
import { treeOf } from "./files.ts";
import type { Module } from "./link.ts";
import { type Declaration, partsOf } from "./module.ts";
import { writeForm } from "./normal-form.ts";
import type { Form } from "./observe.ts";
import { memoizedBy, memoizeName } from "./rote-options.ts";

/** A function of a module. */
export interface Located {
  readonly declaration: Declaration;
  readonly index: number;
  readonly form: Form | undefined;
  /** What it is called, by the names around it. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** The functions of one file, found by what they are called or where they are. */
export class FunctionIndex {
  private readonly module: Module;
  private readonly parts: { part: Node; declaration: Declaration }[] = [];
  private readonly paths: { path: Path; name: string }[] = [];
  /** What is given to `memoize`, by where the calls begin. */
  private readonly calls = new Map<number, Path>();

  constructor(module: Module) {
    this.module = module;
    const tree = treeOf(module.file);
    if (tree === undefined) return;
    for (const part of bodyOf(tree.program).flatMap(partsOf)) {
      if (isErased(part)) continue;
      const declaration = module.facts.declarations.find(({ places }) =>
        places.some(({ start, end }) => start === part.start && end === part.end),
      );
      if (declaration !== undefined) this.parts.push({ part, declaration });
    }
    walk(tree.program, (each) => {
      if (functions.has(each.node.type) && each.node["body"] !== null)
        this.paths.push({ path: each, name: qualifiedName(each) });
      const memoized = memoizedBy(each.node, (callee) => this.isMemoize(callee));
      if (memoized !== undefined) this.calls.set(each.node.start, { node: memoized, parent: each });
    });
  }

  /** By name: `price`, `Cart.total`, `rates.of`, `default`; by the offset of a call of `memoize`; or by any other offset, as the innermost function there. */
  find(nameOrOffset: string | number): Located {
    const found =
      typeof nameOrOffset === "number" ? this.at(nameOrOffset) : this.named(nameOrOffset);
    if (found !== undefined) return found;
    const names = [...new Set(this.paths.map(({ name }) => name))].slice(0, 12).join(", ");
    throw invalidOption(
      typeof nameOrOffset === "number"
        ? `There is no function at offset ${nameOrOffset} of ${this.module.file.path}. Pass an offset inside of one, or its name.`
        : `There is no function "${nameOrOffset}" in ${this.module.file.path}. Its functions are: ${names}.`,
      "function",
      nameOrOffset,
    );
  }

  private named(name: string): Located | undefined {
    const plain = (text: string): string => text.replaceAll(".prototype.", ".");
    const path = this.paths.find(
      (each) => plain(each.name) === plain(name) && this.isValue(each.path),
    )?.path;
    if (path !== undefined) return this.located(path);
    const exported = this.module.facts.exports.get(name);
    const own = typeof exported === "string" ? exported : name;
    const declaration = this.module.facts.byName.get(own);
    const place = declaration?.places[0];
    if (declaration === undefined || place === undefined) return undefined;
    const inner = this.paths.find(({ path: { node } }) => node.start === place.start);
    if (inner !== undefined && own === "*default*") return this.located(inner.path);
    const index = declaration.names.indexOf(own);
    return { declaration, index, form: undefined, name: own, ...place };
  }

  /** Whether a function is what its name stands for: not so in `const price = wrapped(() => 1)`. */
  private isValue(path: Path): boolean {
    const { outer, parent } = beyondBrackets(path);
    const call = parent?.node;
    return (
      call?.type !== "CallExpression" ||
      (memoizedBy(call, (callee) => this.isMemoize(callee)) === outer &&
        beyondBrackets(parent as Path).parent?.node.type !== "CallExpression")
    );
  }

  private isMemoize(callee: unknown): boolean {
    return memoizeName(callee, this.module.facts.names.rote) !== undefined;
  }

  private at(offset: number): Located | undefined {
    const call = this.calls.get(offset);
    if (call !== undefined) return this.located(call);
    const path = this.paths.findLast(
      ({ path: { node } }) => node.start <= offset && offset < node.end,
    )?.path;
    return path === undefined ? undefined : this.located(path);
  }

  private located(path: Path): Located | undefined {
    const { node, parent } = path;
    const { start, end } = node;
    const name = qualifiedName(path).replaceAll(".prototype.", ".");
    const around = this.parts.find(({ part }) => part.start <= start && end <= part.end);
    if (around === undefined) return undefined;
    const { part, declaration } = around;
    const { facts } = this.module;
    const isWhole = part === node || part["declaration"] === node;
    if (isWhole) return { declaration, index: 0, form: undefined, name, start, end };
    const form = writeForm([part], declaration.names, facts.names, node);
    const kind = parent?.node;
    const isMethod =
      kind?.type === "MethodDefinition" ||
      (kind?.type === "Property" && (kind["method"] === true || kind["kind"] !== "init"));
    const readsReceiver = form.readsReceiver || isMethod;
    return { declaration, index: 0, form: { ...form, readsReceiver }, name, start, end };
  }
}
