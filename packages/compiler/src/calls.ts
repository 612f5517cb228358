import { beyondBrackets, identifier, isNode, type Node, nodes, type Path, unwrap } from "./ast.ts";
import { roteCallee, type RoteNames } from "./rote-names.ts";

/** A call that memoizes a function, and the local name by which it is known to be one of rote. */
export interface MemoizingCall {
  readonly path: Path;
  readonly by: string;
}

/** Reads the calls of rote in one file that the transform has to know of. */
export class Calls {
  private readonly names: RoteNames;
  private readonly configured = new Set<string>();
  private configuresAny = false;

  constructor(names: RoteNames) {
    this.names = names;
  }

  /** The call, if it gives a function to `memoize`. Notes what is configured. */
  read(path: Path): MemoizingCall | undefined {
    const { node } = path;
    if (node.type !== "CallExpression") return undefined;
    if (roteCallee(node["callee"], "configureMemoized", this.names) !== undefined)
      this.noteConfigured(nodes(node["arguments"])[0]);
    const by = this.memoizer(node["callee"]);
    return by !== undefined && takesFunction(path) ? { path, by } : undefined;
  }

  /** Whether the file configures a function of this name, or one whose name cannot be told. */
  configures(name: string | undefined): boolean {
    return this.configuresAny || (name !== undefined && this.configured.has(name));
  }

  private noteConfigured(argument: Node | undefined): void {
    const fn = unwrap(argument);
    const isMember = fn?.type === "MemberExpression" && fn["computed"] !== true;
    const name = identifier(isMember ? fn["property"] : fn);
    // The getter of a descriptor is not called as it is there.
    if (name === undefined || name === "get" || name === "value") this.configuresAny = true;
    else this.configured.add(name);
  }

  /** `memoize`, `memoize.batch`, or `memoize(options)`. */
  private memoizer(callee: unknown): string | undefined {
    const by = roteCallee(isBatch(callee) ? callee["object"] : callee, "memoize", this.names);
    if (by !== undefined || !isNode(callee) || callee.type !== "CallExpression") return by;
    return isOptionsAlone(callee) ? roteCallee(callee["callee"], "memoize", this.names) : undefined;
  }
}

function isBatch(callee: unknown): callee is Node {
  return (
    isNode(callee) &&
    callee.type === "MemberExpression" &&
    callee["computed"] !== true &&
    identifier(callee["property"]) === "batch"
  );
}

function isOptionsAlone(call: Node): boolean {
  const given = nodes(call["arguments"]);
  return given.length === 1 && given[0]?.type === "ObjectExpression";
}

/** Not options alone, nor what is spread, nor what a decorator is made of. */
function takesFunction(path: Path): boolean {
  const { node } = path;
  const given = nodes(node["arguments"]);
  const isCurried = (node["callee"] as Node).type === "CallExpression";
  return (
    beyondBrackets(path).parent?.node.type !== "Decorator" &&
    given.length >= 1 &&
    given.length <= (isCurried ? 1 : 2) &&
    !isOptionsAlone(node) &&
    given.every(({ type }) => type !== "SpreadElement")
  );
}
