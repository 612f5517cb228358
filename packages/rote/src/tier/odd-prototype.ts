/** Refusals of objects that are not what values are made of, or not quite. */
import { brandOf, classNameOf } from "./brand.ts";
import { type Place, refusal } from "./place.ts";

/** Its prototype says one thing, its slots another. */
export function otherPrototype(place: Place, object: object, name: string): Error {
  const brand = brandOf(object);
  if (brand === "Object" && name === "Object") {
    return refusal(place, "is an arguments object, which cannot be stored", "Return an array.");
  }
  return refusal(
    place,
    brand === "Object"
      ? `is an object with the prototype of ${a(name)}: stored, it would come back as a plain object`
      : `is ${a(brand)} with another prototype: stored, it would come back with its own`,
  );
}

/** What has a prototype that no data has. */
export function noData(place: Place, object: object, prototype: object, name: string): Error {
  const brand = brandOf(object);
  if (brand === "Error") {
    return refusal(
      place,
      "is an error: stored, it would come back as another one",
      "Return its message, or say how to store it with options.encode and options.decode; an error that the function throws can be stored.",
    );
  }
  // V8 refuses these itself, and says less.
  if (["Symbol", "SharedArrayBuffer"].includes(brand) || (name !== "" && brand === "Object"))
    return refusal(place, `is ${a(name === "" ? brand : name)}, which cannot be stored`);
  const className = classNameOf(prototype);
  return refusal(
    place,
    `is an instance of ${className === "" ? "a class without a name" : className}: stored, it would come back as ${brand === "Object" ? "a plain object" : a(brand)}`,
  );
}

/** Built-ins that are stored have nothing else than their content. */
export function ownProperty(place: Place, name: string): Error {
  return refusal(
    place,
    `is ${a(name)} with a property of its own: stored, it would come back without that`,
  );
}

function a(name: string): string {
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}
