/** What is known of an object that was compared by its `[keySymbol]()`: its class may not be there. */
export class KeyedContent {
  readonly className: string;
  /** What the method returned. */
  content: unknown = undefined;
  constructor(className: string) {
    this.className = className;
  }
}
