/** A Markdown table with one line for every trace and capacity. */
export function renderTable(rows, policies) {
  return [
    `| trace | capacity | floor | ${policies.join(" | ")} |`,
    `| --- | --: | --: | ${policies.map(() => "--:").join(" | ")} |`,
    ...rows.map(
      ({ trace, capacity, floor, ratios }) =>
        `| ${trace} | ${capacity} | ${floor?.toFixed(1) ?? "–"} | ` +
        `${policies.map((policy) => ratios[policy].toFixed(2)).join(" | ")} |`,
    ),
  ].join("\n");
}
