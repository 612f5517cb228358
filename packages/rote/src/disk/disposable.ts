declare global {
  // As the language has it from ES2026 on, and Node since long before: for compilers whose library does not know it yet.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

export {};
