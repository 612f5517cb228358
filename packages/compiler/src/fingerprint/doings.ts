import type { Node } from "../ast.ts";

/** What a function was given: a parameter, by its place, or the object that it is called on. */
export interface Given {
  /** Which function of the declaration: `fill`, `Registry.learn`. */
  readonly of: string;
  readonly to: number | "this";
}

/** What a function does to something that it was given. */
export interface Doing extends Given {
  readonly how: How;
}

/** It is certainly changed; a method of it is called; or it is passed on, as that argument. */
export type How =
  | { readonly kind: "written" }
  | { readonly kind: "called"; readonly method: string }
  | { readonly kind: "passed"; readonly callee: readonly string[]; readonly index: number };

/** Takes down, while a form is written, what the functions and methods of a declaration do to what they are given. */
export class Doings {
  readonly found: Doing[] = [];
  /** The functions that there are. */
  readonly functions: Set<string> = new Set();
  private readonly names: string[] = [];
  /** For every function around the present place, what `this` is there. */
  private readonly receivers: (Given | undefined)[] = [];

  /** What is written by `write` is the value of that name, or of that member of what is around it. */
  named(name: string | undefined, write: () => void): void {
    if (name === undefined || this.receivers.length > 0) return write();
    this.names.push(name);
    write();
    this.names.pop();
  }

  /** Of the declaration that is being written, if it is one that has a name. */
  get name(): string | undefined {
    return this.names.length === 1 && this.receivers.length === 0 ? this.names[0] : undefined;
  }

  /** Enters a function; which it is, if it is one of the declaration's own and not one inside of these. */
  enter({ type }: Node): string | undefined {
    const of = this.names.join(".");
    const isOwn = this.receivers.length === 0 && of !== "";
    const outer = this.receivers.at(-1);
    const inArrow = type === "ArrowFunctionExpression" ? outer : undefined;
    this.receivers.push(isOwn ? { of, to: "this" } : inArrow);
    if (isOwn) this.functions.add(of);
    return isOwn ? of : undefined;
  }

  leave(): void {
    this.receivers.pop();
  }

  /** What `this` stands for here. */
  get receiver(): Given | undefined {
    return this.receivers.at(-1);
  }

  note(given: Given, how: How): void {
    this.found.push({ ...given, how });
  }
}
