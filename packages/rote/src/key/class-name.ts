/**
 * The names by which other processes know the classes that have `[keySymbol]`. In memory such a class
 * is its prototype, and two of them never meet; a name has to say as much. So a name belongs to the
 * class for which it is first asked, as long as that exists.
 */
const claims = new Map<string, WeakRef<object>>();
const names = new WeakMap<object, string>();
const dropClaim = new FinalizationRegistry<string>((name) => {
  if (claims.get(name)?.deref() === undefined) claims.delete(name);
});

/** Why a class has no name to be known by: it has none, or another class has the same one. */
export type NameProblem = "nameless" | "namesake";

export function nameOfClass(prototype: object): string | undefined {
  let name = names.get(prototype);
  if (name !== undefined) return name;
  name = ownName(prototype);
  if (name === "" || claims.get(name)?.deref() !== undefined) return undefined;
  claims.set(name, new WeakRef(prototype));
  dropClaim.register(prototype, name);
  names.set(prototype, name);
  return name;
}

/** Why there was no name. */
export function nameProblem(prototype: object): NameProblem {
  return ownName(prototype) === "" ? "nameless" : "namesake";
}

const { getOwnPropertyDescriptor } = Object;

/**
 * The name of the class whose prototype this is, or `""`. Data properties alone: an accessor or a
 * proxy would be code of the caller's, which may answer one thing now and another later.
 */
export function ownName(prototype: object): string {
  const type: unknown = getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof type !== "function") return "";
  if (getOwnPropertyDescriptor(type, "prototype")?.value !== prototype) return "";
  const name: unknown = getOwnPropertyDescriptor(type, "name")?.value;
  return typeof name === "string" ? name : "";
}
