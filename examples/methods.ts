/**
 * A method and a getter, memoized for each object: the determinant of a matrix by expansion, which
 * asks for the same minors again and again. With decorators it would be `@memoize` before each; Node's
 * own TypeScript does not take those, so the class is told by name.
 */
import assert from "node:assert/strict";

import { cacheOf, memoizeMethods } from "rote";

let minors = 0;

class Matrix {
  readonly rows: readonly (readonly number[])[];

  constructor(rows: readonly (readonly number[])[]) {
    this.rows = rows;
  }

  /** Of the columns that are left (a set of bits), from a row on. */
  minor(row: number, columns: number): number {
    minors++;
    if (row === this.rows.length) return 1;
    let sum = 0;
    let sign = 1;
    for (let column = 0; column < this.rows.length; column++) {
      const bit = 1 << column;
      if ((columns & bit) === 0) continue;
      sum += sign * (this.rows[row]?.[column] ?? 0) * this.minor(row + 1, columns & ~bit);
      sign = -sign;
    }
    return sum;
  }

  get determinant(): number {
    return this.minor(0, (1 << this.rows.length) - 1);
  }
}
memoizeMethods(Matrix, { minor: true, determinant: true });

const size = 12;
const matrix = new Matrix(
  Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
  ),
);
assert.equal(matrix.determinant, size + 1);
// A set of columns for each minor, not 12! = 479 001 600 products.
assert.equal(minors, 2 ** size);
assert.equal(matrix.determinant, size + 1);
assert.equal(minors, 2 ** size);
assert.equal(cacheOf(matrix, "minor").size, 2 ** size);

const other = new Matrix([[5]]);
assert.equal(other.determinant, 5);
assert.equal(cacheOf(other, "minor").size, 2);

console.log(`The determinant is ${matrix.determinant}: ${2 ** size} minors, each worked out once.`);
