import { optionOf } from "../../src/cli/hub-options.ts";
import { variables } from "../../src/server/variable-table.ts";

/** The document with the table of its section "Variables", written from the sources. */
export function withTable(document: string): string {
	const table = /(?<=\n## Variables\n(?:\n(?!\|).*)*\n)\|.*(?:\n\|.*)*/;
	if (!table.test(document))
		throw new Error("The document has no table below the heading Variables.");
	return document.replace(table, () => markdown());
}

function markdown(): string {
	const rows = variables.map((variable) => {
		const option = optionOf(variable);
		const cells = [
			`\`${variable.name}\``,
			option === undefined ? "" : `\`--${option}\``,
			variable.name === "PORT" ? variable.default : grouped(variable.default),
			variable.meaning.replaceAll("|", "\\|"),
		];
		return `| ${cells.join(" | ")} |`.replaceAll("|  ", "| ");
	});
	return ["| variable | option | default | |", "|---|---|---|---|", ...rows].join("\n");
}

/** `50000` as `50,000`. */
function grouped(text: string): string {
	return /^\d{4,}$/.test(text) ? Number(text).toLocaleString("en") : text;
}
