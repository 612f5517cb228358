/** Watching the collector. Needs `--expose-gc`. */

/** Whether everything referred to is gone after a while of collecting. */
export async function collected(...references: WeakRef<WeakKey>[]): Promise<boolean> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("run with --expose-gc");
  for (let round = 0; round < 20; round++) {
    // A WeakRef keeps what it refers to until the turn ends.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    if (references.every((reference) => reference.deref() === undefined)) return true;
  }
  return false;
}

/** Lets finalization callbacks run after a collection. */
export async function settle(): Promise<void> {
  await collected(new WeakRef({}));
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}
