let cell: Int32Array | undefined;

/** Blocks the thread for so many milliseconds. */
export function sleep(milliseconds: number): void {
  cell ??= new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, milliseconds);
}
