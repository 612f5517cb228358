/**
 * The floors: what an expert writes by hand for that one function and nothing else. No `this`, no
 * undefined results, no -0, no clear(). Each is a factory, since ten of them are made in the mixed mode.
 */
export const mapFloor = (fn) => {
  const map = new Map();
  return (key) => {
    let value = map.get(key);
    if (value === undefined) {
      value = fn(key);
      map.set(key, value);
    }
    return value;
  };
};

export const weakMapFloor = (fn) => {
  const map = new WeakMap();
  return (key) => {
    let value = map.get(key);
    if (value === undefined) {
      value = fn(key);
      map.set(key, value);
    }
    return value;
  };
};

export const nestedMapFloor = (fn) => {
  const map = new Map();
  return (a, b) => {
    let inner = map.get(a);
    if (inner === undefined) {
      inner = new Map();
      map.set(a, inner);
    }
    let value = inner.get(b);
    if (value === undefined) {
      value = fn(a, b);
      inner.set(b, value);
    }
    return value;
  };
};

export const threeMapsFloor = (fn) => {
  const map = new Map();
  return (a, b, c) => {
    let second = map.get(a);
    if (second === undefined) {
      second = new Map();
      map.set(a, second);
    }
    let third = second.get(b);
    if (third === undefined) {
      third = new Map();
      second.set(b, third);
    }
    let value = third.get(c);
    if (value === undefined) {
      value = fn(a, b, c);
      third.set(c, value);
    }
    return value;
  };
};

export const nestedWeakMapFloor = (fn) => {
  const map = new WeakMap();
  return (a, b) => {
    let inner = map.get(a);
    if (inner === undefined) {
      inner = new WeakMap();
      map.set(a, inner);
    }
    let value = inner.get(b);
    if (value === undefined) {
      value = fn(a, b);
      inner.set(b, value);
    }
    return value;
  };
};

export const jsonFloor = (fn) => {
  const map = new Map();
  return (argument) => {
    const key = JSON.stringify(argument);
    let value = map.get(key);
    if (value === undefined) {
      value = fn(argument);
      map.set(key, value);
    }
    return value;
  };
};

export const restFloor = (fn) => {
  const root = { value: undefined, next: new Map() };
  return (...args) => {
    let node = root;
    for (let i = 0; i < args.length; i++) {
      let next = node.next.get(args[i]);
      if (next === undefined) {
        next = { value: undefined, next: new Map() };
        node.next.set(args[i], next);
      }
      node = next;
    }
    let value = node.value;
    if (value === undefined) {
      value = fn(...args);
      node.value = value;
    }
    return value;
  };
};
