import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { companions, compiled, complaints } from "./compiler.ts";
import { documentsWithGiven, givenTo, unused } from "./given.ts";
import { snippets, snippetsOf } from "./snippets.ts";

/** Every snippet that a compiler understands, compiled as in a user's project: against what is packed. */

// The quickstart's are the examples' very files (test/examples/quickstart.test.ts), compiled and run with these.
const programs = snippets.filter(
	({ language, document }) => compiled.has(language) && document !== "docs/quickstart.md",
);
const documents = [...new Set(programs.map(({ document }) => document))];

let installed: Installed;
beforeAll(async () => {
	installed = await install([...libraries, ...companions]);
});
afterAll(() => installed.remove());

test.each(documents)("%s: each snippet compiles", async (document) => {
	const own = programs.filter((program) => program.document === document);
	expect(await complaints(installed.folder, own, givenTo(document))).toEqual([]);
});

test.each(documentsWithGiven)(
	"%s: what is declared for its snippets is used by one",
	(document) => {
		const own = programs.filter((program) => program.document === document);
		expect(own).not.toEqual([]);
		expect(unused(document, own.map(({ code }) => code).join("\n"))).toEqual([]);
	},
);

// Without these a compiler that is told too little would say yes to everything.
describe("a snippet does not compile, and its line is told,", () => {
	const wrong: Record<string, [line: number, code: string]> = {
		"with an option that there is not": [
			2,
			"new ServerSentEvents({\n  connector, keepalive: 1 });",
		],
		"with a name from nowhere": [1, "await sse.publish(nothing);"],
		"with an entry that there is not": [1, 'import { sse } from "edge-sse/nowhere";'],
		"as options, with one that there is not": [1, "authorise: () => true,"],
		"with a method that there is not": [1, "sse.broadcast({});"],
	};

	test.each(Object.entries(wrong))("%s", async (_, [line, code]) => {
		const own = snippetsOf("wrong.md", `Text\n\n\`\`\`ts\n${code}\n\`\`\``);
		const found = await complaints(installed.folder, own, givenTo("wrong.md"));
		expect(found).toEqual([expect.stringMatching(new RegExp(`^wrong.md:${line + 3}:`))]);
	});
});
