import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/server.ts";
import type { ProxySoftware } from "./configuration.ts";

const path = join(root, "docs/deploying.md");

/** The document's table as it is. With WRITE_DOCS set it is written from the configurations first. */
export function documented(proxies: readonly ProxySoftware[]): string {
	const text = readFileSync(path, "utf8");
	const found = /(?<=\n)\| proxy \| configuration \| .*(?:\n\|.*)*/;
	if (process.env.WRITE_DOCS === undefined) return found.exec(text)?.[0] ?? "no table";
	const written = text.replace(found, () => tableOf(proxies));
	writeFileSync(path, written);
	return found.exec(written)?.[0] ?? "no table";
}

export function tableOf(proxies: readonly ProxySoftware[]): string {
	const rows = proxies.flatMap(({ name, configurations }) =>
		configurations.map(({ lines, finds }, at) => {
			const shown = /[`[]/.test(lines) ? lines : `\`${lines}\``;
			return `| ${at === 0 ? name : ""} | ${shown} | ${inWords(finds)} |`;
		}),
	);
	return ["| proxy | configuration | `doctor` finds |", "|---|---|---|", ...rows].join("\n");
}

function inWords(finds: readonly string[]): string {
	const [faults, hints] = (["fault", "advice"] as const).map((level) =>
		finds.filter((each) => each.startsWith(level)).map((each) => each.split(" ")[1]),
	);
	const parts = [
		...(faults?.length ? [`**${faults.join(", ")}**`] : []),
		...(hints?.length ? [`${hints.join(", ")} could be better`] : []),
	];
	return parts.length === 0 ? "nothing wrong" : parts.join("; ");
}
