interface Platform {
  process?: { getBuiltinModule?: (name: string) => unknown };
}

/** A module of Node, where there is one. Not an import, which bundlers for browsers would have to be told about. */
export function builtinModule<Module>(name: string): Module | undefined {
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.(name) as Module | undefined;
  } catch {
    return undefined;
  }
}
