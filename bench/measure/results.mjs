/** What every file of bench/results has in common: its first lines, and its JSON. */
import { writeFileSync } from "node:fs";

const folder = new URL("../results/", import.meta.url);

/** Two lines: where and when a run was made, and with which versions. */
export function describeRun({ machine, rounds }) {
  const { cpu, cores, node, commit, hasChanges, date, versions } = machine;
  const parts = [
    `${cpu}, ${cores} cores`,
    `Node ${node.slice(1)}`,
    `commit ${commit ?? "unknown"}${hasChanges ? " with changes" : ""}`,
    date.slice(0, 10),
    ...(rounds === undefined ? [] : [`${rounds} rounds`]),
  ];
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${parts.join("; ")}.`, `${packages.join(", ")}.`];
}

/** With the digits that mean something, and samples on one line each: it is kept in git and read in diffs. */
export function toJson(run) {
  const rounded = (key, item) => (typeof item === "number" ? Number(item.toPrecision(6)) : item);
  const text = JSON.stringify(run, rounded, 2);
  return `${text.replace(/\[\s+((?:[\d.e+-]+|null)(?:,\s+(?:[\d.e+-]+|null))*)\s+\]/g, (_, list) => `[${list.replace(/\s+/g, " ")}]`)}\n`;
}

/** Writes NAME.json and NAME.md, and prints the latter. */
export function writeResults(name, run, markdown) {
  writeFileSync(new URL(`${name}.json`, folder), toJson(run));
  writeFileSync(new URL(`${name}.md`, folder), markdown);
  process.stdout.write(markdown);
}
