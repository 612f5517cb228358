/**
 * Lets a class put its private fields on any object, also a frozen one: seen by nobody, found
 * without a lookup.
 */
export class Stamped {
  constructor(object: object) {
    return object;
  }
}
