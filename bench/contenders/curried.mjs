/**
 * Two objects by identity, for libraries that look at one key: memoize the first argument to a function
 * that is memoized for the second. The usual idiom, and right.
 */
export const curried = (memoize, fn) => {
  const outer = memoize((first) => memoize((second) => fn(first, second)));
  return (first, second) => outer(first)(second);
};
