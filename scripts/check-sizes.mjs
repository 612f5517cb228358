/** Prints what each public import costs; fails when one is above its budget in size-budget.json. */
import { formatSize, measureSizes } from "./sizes.mjs";

let isAbove = false;
for (const { specifier, name, bytes, maxBytes } of await measureSizes()) {
  const verdict = bytes <= maxBytes ? "" : "  above its budget";
  console.log(
    `import { ${name} } from "${specifier}"  ${formatSize(bytes)} of ${formatSize(maxBytes)} (${bytes} B)${verdict}`,
  );
  if (bytes > maxBytes) isAbove = true;
}
if (isAbove) process.exitCode = 1;
