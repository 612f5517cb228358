import { realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import type { Reached } from "rote";
import { invalidOption } from "../invalid.ts";
import type { Note, NoteCode } from "../purity/note.ts";
import { Notes } from "../purity/notes.ts";
import { EffectIndex } from "./effect-index.ts";
import { Effects } from "./effects.ts";
import { Files } from "./files.ts";
import type { Finding } from "./finding.ts";
import { Linker, type Module } from "./link.ts";
import { FunctionIndex, type Located } from "./locate-function.ts";
import { reachedBy } from "./manifest.ts";
import { algorithm, reach, type Step } from "./reach.ts";
import { Resolver } from "./resolve.ts";
import { findUnseen, placeOf } from "./unseen.ts";

/** How {@link createFingerprinter} works. */
export interface FingerprinterOptions {
  /**
   * The directory from which files are named in what is said to people. No path is part of a fingerprint.
   * @defaultValue the working directory
   */
  root?: string;
  /**
   * Variables of the environment that functions may read. Their names are in `env` of a {@link Fingerprint};
   * whoever stores results adds their values to the address.
   * @defaultValue none
   */
  env?: readonly string[];
  /**
   * Conditions under which the `exports` of a package are read.
   * @defaultValue `["node", "import", "module-sync", "require", "default"]`
   */
  conditions?: readonly string[];
  /**
   * Codes of notes that are not made.
   * @defaultValue none
   */
  ignore?: readonly NoteCode[];
}

/** What a function is made of, in one line, and what that line does not know. */
export interface Fingerprint {
  /** The version of the algorithm, and a SHA-256: equal for functions that compute the same, as far as it can be seen. */
  readonly digest: string;
  readonly algorithm: number;
  /** Whether nothing was found that the digest does not see. */
  readonly isComplete: boolean;
  /** What it cannot see, each with its place. */
  readonly unseen: readonly Finding[];
  /** What to know about it that is no fault: lockfiles that are not read. Lines for people. */
  readonly remarks: readonly string[];
  /** Those of the permitted variables of the environment that are read. */
  readonly env: readonly string[];
  /** What can be reached, the function itself first. Two of these say what has changed: {@link explain}. */
  readonly reached: readonly Reached[];
}

/** Makes the fingerprints of functions. */
export interface Fingerprinter {
  /**
   * The fingerprint of a function.
   *
   * @param file - The path of its module.
   * @param nameOrOffset - What it is called (`price`, `Cart.total`, `default`), or an offset in UTF-16 units inside of it.
   * @throws {RoteError} `ERR_INVALID_OPTION` if there is no such function, or no such module.
   */
  fingerprint(file: string, nameOrOffset: string | number): Fingerprint;
  /**
   * What makes a function more, or less, than a function of its arguments: arguments that it changes, state that it
   * reads or writes, the clock, input and output, caches of its own; also in what it calls.
   *
   * @param file - The path of its module.
   * @param nameOrOffset - As for `fingerprint`.
   * @throws {RoteError} `ERR_INVALID_OPTION` if there is no such function, or no such module.
   */
  notes(file: string, nameOrOffset: string | number): readonly Note[];
  /** Looks which files have changed; only these are read again. Without it, files are read once. */
  refresh(): void;
  /** How many files have been read so far. */
  readonly reads: number;
}

/**
 * Makes fingerprints: hashes of all declarations that a function can reach, through imports, data and
 * lockfiles, without what makes no difference: types, comments, formatting, local names, paths.
 *
 * @param options - See {@link FingerprinterOptions}.
 *
 * @example
 * ```ts no-run
 * import { createFingerprinter } from "@rote/compiler";
 *
 * const fingerprinter = createFingerprinter();
 * const { digest, isComplete, unseen } = fingerprinter.fingerprint("src/rates.ts", "price");
 * ```
 */
export function createFingerprinter(options: FingerprinterOptions = {}): Fingerprinter {
  const root = realOf(options.root ?? ".");
  const env = new Set(options.env);
  const files = new Files();
  const conditions = options.conditions ?? ["node", "import", "module-sync", "require", "default"];
  const linker = new Linker(files, new Resolver(conditions));
  let index = new EffectIndex(linker);
  const effects = new Map<Module, Effects>();
  const indexes = new Map<Module, FunctionIndex>();

  const indexOf = (module: Module): FunctionIndex => {
    const known = indexes.get(module);
    if (known !== undefined) return known;
    // Trees are large, and the functions of one file are asked for together.
    indexes.clear();
    const made = new FunctionIndex(module);
    indexes.set(module, made);
    return made;
  };

  let notes: Notes | undefined;

  const find = (
    file: string,
    nameOrOffset: string | number,
  ): { module: Module; located: Located; around: Effects } => {
    const path = realOf(file);
    const module = linker.module(path);
    if (module === undefined)
      throw invalidOption(
        `${path} cannot be read as a module of JavaScript or TypeScript. Pass the file in which the function is written, and mend what is not valid in it.`,
        "file",
        path,
      );
    const located = indexOf(module).find(nameOrOffset);
    const around = effects.get(module) ?? new Effects(linker, index, module);
    effects.set(module, around);
    return { module, located, around };
  };

  return {
    fingerprint(file, nameOrOffset) {
      const { module, located, around } = find(file, nameOrOffset);
      const { digest, steps } = reach(linker, around, { module, ...located });
      const { findings, env: read } = findUnseen(linker, around, steps, root, env);
      const own = placeOf(module, located.start, root);
      let reached: readonly Reached[] | undefined;
      const isComplete = findings.length === 0;
      return {
        digest,
        algorithm,
        isComplete,
        unseen: findings,
        remarks: remarksOf(steps, root),
        env: read,
        // Only who explains a change needs the list.
        get reached() {
          reached ??= reachedBy(steps, own, located.name, root);
          return reached;
        },
      };
    },
    notes(file, nameOrOffset) {
      const { module, located, around } = find(file, nameOrOffset);
      notes ??= new Notes(linker, root, options.ignore ?? []);
      const { name, start, end } = located;
      return notes.of({ module, name, start, end }, around);
    },
    refresh() {
      files.refresh();
      notes = undefined;
      // Files that were not there may be there now, and lockfiles may have changed.
      linker.clear();
      index = new EffectIndex(linker);
      effects.clear();
      indexes.clear();
    },
    get reads() {
      return files.reads;
    },
  };
}

/** The path that imports of the same file lead to: a module under two paths would be two, with a table each. */
function realOf(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync.native(absolute);
  } catch {
    return absolute;
  }
}

function remarksOf(steps: readonly Step[], root: string): string[] {
  const locks = new Set<string>();
  for (const { vertex } of steps)
    if (vertex?.kind === "leaf" && vertex.unreadLock !== undefined) locks.add(vertex.unreadLock);
  return [...locks].map((lock) => {
    const file = relative(root, lock).split(sep).join("/");
    return `${file} is not read: of packages, the versions count that are installed in node_modules. Install before you make fingerprints, as for running.`;
  });
}
