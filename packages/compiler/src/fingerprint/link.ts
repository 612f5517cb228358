import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Files, SourceFile } from "./files.ts";
import type { Declaration, Foreign, ModuleFacts } from "./module.ts";
import type { Reference } from "./observe.ts";
import { Packages } from "./packages.ts";
import type { Resolver } from "./resolve.ts";
import { isRote } from "./rote-options.ts";

/** A module of the sources, linked to others on demand. */
export interface Module {
  readonly file: SourceFile;
  readonly facts: ModuleFacts;
  readonly vertices: Map<Declaration, DeclarationVertex>;
  /** All of it, for whoever takes it as a value. */
  readonly whole: WholeVertex;
}

/** What a fingerprint is about: it is told apart by its identity, and by its text. */
export type Vertex = DeclarationVertex | WholeVertex | LeafVertex;

export interface DeclarationVertex {
  readonly kind: "declaration";
  readonly module: Module;
  readonly declaration: Declaration;
}

export interface WholeVertex {
  readonly kind: "whole";
  module: Module;
}

/** What has nothing behind it: a package, a module of Node, data, something that is not there. */
export interface LeafVertex {
  readonly kind: "leaf";
  readonly type:
    | "package"
    | "builtin"
    | "json"
    | "asset"
    | "native"
    | "missing"
    | "invalid"
    | "rote";
  /** What it is, for the hash. */
  readonly text: string;
  /** What it is called, for people. */
  readonly label: string;
  readonly path: string | undefined;
  /** Of a package, a lockfile that is there and that nobody reads. */
  readonly unreadLock?: string;
}

/** What a name leads to, and what of it is used. */
export interface Target {
  readonly vertex: Vertex;
  /** Which of the names of a declaration. */
  readonly index: number;
  readonly path: readonly string[];
}

/** Follows names through imports and exports to what declares them. */
export class Linker {
  private readonly modules = new Map<string, Module>();
  private readonly leaves = new Map<string, LeafVertex>();
  private readonly resolved = new Map<string, Vertex>();
  private readonly targets = new Map<Reference, Target>();
  private readonly files: Files;
  private readonly resolver: Resolver;
  readonly packages: Packages = new Packages();

  constructor(files: Files, resolver: Resolver) {
    this.files = files;
    this.resolver = resolver;
  }

  /** Forgets where names lead. Files that have not changed are not read again. */
  clear(): void {
    for (const each of [this.modules, this.leaves, this.resolved, this.targets]) each.clear();
    this.packages.clear();
    this.resolver.clear();
  }

  module(path: string): Module | undefined {
    const known = this.modules.get(path);
    if (known !== undefined) return known;
    const file = this.files.read(path);
    if (file?.content.kind !== "module") return undefined;
    const whole = { kind: "whole" } as WholeVertex;
    const module: Module = { file, facts: file.content.facts, vertices: new Map(), whole };
    whole.module = module;
    this.modules.set(path, module);
    return module;
  }

  vertex(module: Module, declaration: Declaration): DeclarationVertex {
    const known = module.vertices.get(declaration);
    if (known !== undefined) return known;
    const vertex: DeclarationVertex = { kind: "declaration", module, declaration };
    module.vertices.set(declaration, vertex);
    return vertex;
  }

  /** What a hole in a form is filled with. */
  target(module: Module, reference: Reference): Target {
    const known = this.targets.get(reference);
    if (known !== undefined) return known;
    const { name, from, path } = reference;
    const found =
      from === undefined
        ? this.local(module, name ?? "", path)
        : this.foreign(module, { from, name: "*", attributes: "" }, path);
    this.targets.set(reference, found);
    return found;
  }

  local(module: Module, name: string, path: readonly string[]): Target {
    const declaration = module.facts.byName.get(name);
    if (declaration !== undefined) {
      const vertex = this.vertex(module, declaration);
      return { vertex, index: declaration.names.indexOf(name), path };
    }
    const foreign = module.facts.imports.get(name);
    if (foreign !== undefined) return this.foreign(module, foreign, path);
    if (module.facts.isCommonJs && (name === "exports" || name === "module"))
      return { vertex: module.whole, index: 0, path };
    return { vertex: this.missing(name), index: 0, path };
  }

  /** What an import leads to, as far as `path` can be followed. */
  foreign(module: Module, { from, name, attributes }: Foreign, path: readonly string[]): Target {
    const vertex = this.load(module, from, attributes);
    if (vertex.kind === "leaf") {
      // All of a module of data is its default export.
      const rest = name === "*" ? path : [name, ...path];
      return vertex.type === "json" ? this.data(vertex, rest) : { vertex, index: 0, path: rest };
    }
    if (vertex.kind === "declaration") return { vertex, index: 0, path };
    return name === "*"
      ? this.member(vertex, path)
      : (this.exported(vertex.module, name, path) ?? this.absent(vertex, name, path));
  }

  /** A member of a namespace that is written out is that export, and no other one. */
  private member(vertex: WholeVertex, path: readonly string[]): Target {
    const [first, ...rest] = path;
    const found = first === undefined ? undefined : this.exported(vertex.module, first, rest);
    return found ?? { vertex, index: 0, path };
  }

  private absent(vertex: WholeVertex, name: string, path: readonly string[]): Target {
    const { isCommonJs } = vertex.module.facts;
    return isCommonJs || vertex.module.facts.exports.has("export=")
      ? { vertex, index: 0, path: [name, ...path] }
      : { vertex: this.missing(name), index: 0, path };
  }

  exported(
    module: Module,
    name: string,
    path: readonly string[],
    seen: Set<Module> = new Set(),
  ): Target | undefined {
    if (seen.has(module)) return undefined;
    seen.add(module);
    const found = module.facts.exports.get(name);
    if (typeof found === "string") return this.local(module, found, path);
    if (found !== undefined) return this.foreign(module, found, path);
    if (name === "default") return undefined;
    const stars = module.facts.stars.map((star) => this.load(module, star.from, star.attributes));
    for (const vertex of stars) {
      if (vertex.kind !== "whole") continue;
      const next = this.exported(vertex.module, name, path, seen);
      if (next !== undefined) return next;
    }
    // What the sources do not export comes from a package or from Node, if there is one.
    const outer = stars.find(({ kind }) => kind === "leaf");
    if (outer !== undefined) return { vertex: outer, index: 0, path: [name, ...path] };
    return undefined;
  }

  /** Everything that a module exports, by name. */
  exportsOf(module: Module, seen: Set<Module> = new Set()): [string, Target][] {
    if (seen.has(module)) return [];
    seen.add(module);
    const all = new Map<string, Target>();
    for (const name of module.facts.exports.keys()) {
      const local = module.facts.exports.get(name);
      // A type that is exported like a value.
      if (
        typeof local === "string" &&
        !module.facts.names.names.has(local) &&
        !local.startsWith("*")
      )
        continue;
      const target = this.exported(module, name, []);
      if (target !== undefined) all.set(name, target);
    }
    for (const star of module.facts.stars) {
      const vertex = this.load(module, star.from, star.attributes);
      if (vertex.kind === "leaf") all.set(`* ${vertex.text}`, { vertex, index: 0, path: [] });
      if (vertex.kind !== "whole") continue;
      for (const [name, target] of this.exportsOf(vertex.module, seen))
        if (name !== "default" && !all.has(name)) all.set(name, target);
    }
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What an import statement loads. */
  load(module: Module, from: string, attributes = ""): Vertex {
    const key = `${dirname(module.file.path)}\0${from}\0${attributes}`;
    const known = this.resolved.get(key);
    if (known !== undefined) return known;
    const vertex = this.find(module, from, attributes);
    this.resolved.set(key, vertex);
    return vertex;
  }

  private find(module: Module, from: string, attributes: string): Vertex {
    if (isRote(from)) return this.leaf("rote", from, from);
    const resolution = this.resolver.resolve(from, module.file.path);
    if (resolution.kind === "builtin")
      return this.leaf("builtin", resolution.name, resolution.name);
    if (resolution.kind === "missing") return this.missing(from);
    const { path } = resolution;
    const root = Packages.rootOf(path);
    if (root !== undefined) {
      const { name, version, digest, unread } = this.packages.describe(root);
      const file = path.slice(root.length).replaceAll("\\", "/");
      const text = `${name}@${version}${file} ${digest} ${attributes}`;
      return this.leaf("package", text, `${name}@${version}`, root, unread);
    }
    const target = attributes === "" ? this.module(path) : undefined;
    if (target !== undefined) return target.whole;
    const file = this.files.read(path);
    if (file === undefined) return this.missing(from);
    const { content } = file;
    const isData = content.kind === "json" && attributes === "";
    const type =
      content.kind === "module" || (content.kind === "json" && !isData) ? "asset" : content.kind;
    const text = isData ? JSON.stringify(content.value) : `${file.hash} ${attributes}`;
    return this.leaf(type, text, path, path);
  }

  /** The part of a JSON file that is used. */
  private data(vertex: LeafVertex, path: readonly string[]): Target {
    const steps = path[0] === "default" ? path.slice(1) : path;
    let value: unknown = JSON.parse(vertex.text);
    let used = 0;
    for (const step of steps) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) break;
      value = (value as Record<string, unknown>)[step];
      used++;
    }
    if (used === 0) return { vertex, index: 0, path: steps };
    const label = `${vertex.label}#${steps.slice(0, used).join(".")}`;
    const part = this.leaf("json", JSON.stringify(value), label, vertex.path);
    return { vertex: part, index: 0, path: steps.slice(used) };
  }

  private missing(name: string): LeafVertex {
    return this.leaf("missing", name, name);
  }

  private leaf(
    type: LeafVertex["type"],
    text: string,
    label: string,
    path?: string,
    unreadLock?: string,
  ): LeafVertex {
    const key = `${type}\0${label}\0${createHash("sha256").update(text).digest("hex")}`;
    const known = this.leaves.get(key);
    if (known !== undefined) return known;
    const leaf: LeafVertex = {
      kind: "leaf",
      type,
      text,
      label,
      path,
      ...(unreadLock !== undefined && { unreadLock }),
    };
    this.leaves.set(key, leaf);
    return leaf;
  }
}
