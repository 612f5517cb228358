import { createRequire, isBuiltin } from "node:module";

/** What an import leads to: a file, a module of Node, or nothing. */
export type Resolution =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "missing"; readonly reason: string };

const require = createRequire(import.meta.url);

/** All that the compiler knows of oxc-resolver. */
export class Resolver {
  private readonly conditions: readonly string[];
  private factory: import("oxc-resolver").ResolverFactory | undefined;

  constructor(conditions: readonly string[]) {
    this.conditions = conditions;
  }

  /** What `specifier` means in a file: as Node has it, with the endings and paths of TypeScript. */
  resolve(specifier: string, file: string): Resolution {
    if (isBuiltin(specifier))
      return { kind: "builtin", name: `node:${specifier.replace(/^node:/, "")}` };
    const { path, error } = this.open().resolveFileSync(file, specifier);
    if (path === undefined) return { kind: "missing", reason: error ?? specifier };
    return { kind: "file", path: path.replace(/[?#].*$/, "") };
  }

  /** Forgets what files there are. */
  clear(): void {
    this.factory?.clearCache();
  }

  private open(): import("oxc-resolver").ResolverFactory {
    if (this.factory !== undefined) return this.factory;
    // Loaded when first needed: most programs ask for no fingerprint.
    const { ResolverFactory } = require("oxc-resolver") as typeof import("oxc-resolver");
    this.factory = new ResolverFactory({
      tsconfig: "auto",
      conditionNames: [...this.conditions],
      extensions: [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".node"],
      extensionAlias: {
        ".js": [".ts", ".tsx", ".js", ".jsx"],
        ".jsx": [".tsx", ".jsx"],
        ".mjs": [".mts", ".mjs"],
        ".cjs": [".cts", ".cjs"],
      },
      mainFields: ["module", "main"],
    });
    return this.factory;
  }
}
