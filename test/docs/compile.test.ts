import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { companions, compiled, complaints, patience } from "./compiler.ts";
import { documentsWithGiven, givenTo, unused } from "./given.ts";
import { snippets, snippetsOf } from "./snippets.ts";

/** Every snippet that a compiler understands, compiled as in a user's project: against what is packed. */

// The quickstart's and the guides' are the examples' very files (test/examples/quickstart.test.ts), compiled and run with these.
const programs = snippets.filter(
	({ language, document }) =>
		compiled.has(language) && !/^docs\/(quickstart\.md|guides\/)/.test(document),
);
const documents = [...new Set(programs.map(({ document }) => document))];

// Without these a compiler that is told too little would say yes to everything.
const wrong: Record<string, [line: number, code: string]> = {
	"with an option that there is not": [2, "new ServerSentEvents({\n  connector, keepalive: 1 });"],
	"with a name from nowhere": [1, "await sse.publish(nothing);"],
	"with an entry that there is not": [1, 'import { sse } from "edge-sse/nowhere";'],
	"as options, with one that there is not": [1, "authorise: () => true,"],
	"with a method that there is not": [1, "sse.broadcast({});"],
};

const sources = [
	...documents.map((document) => ({
		document,
		own: programs.filter((program) => program.document === document),
		given: givenTo(document),
	})),
	...Object.entries(wrong).map(([document, [, code]]) => ({
		document,
		own: snippetsOf(document, `Text\n\n\`\`\`ts\n${code}\n\`\`\``),
		given: givenTo(document),
	})),
];

let installed: Installed;
let found: string[][];
beforeAll(async () => {
	installed = await install([...libraries, ...companions]);
	found = await complaints(installed.folder, sources);
}, 2 * patience);
afterAll(() => installed.remove());

const foundIn = (name: string) => found[sources.findIndex(({ document }) => document === name)];

test.each(documents)("%s: each snippet compiles", (document) => {
	expect(foundIn(document)).toEqual([]);
});

test.each(documentsWithGiven)(
	"%s: what is declared for its snippets is used by one",
	(document) => {
		const own = programs.filter((program) => program.document === document);
		expect(own).not.toEqual([]);
		expect(unused(document, own.map(({ code }) => code).join("\n"))).toEqual([]);
	},
);

test.each(Object.entries(wrong))(
	"a snippet does not compile, and its line is told, %s",
	(name, [line]) => {
		expect(foundIn(name)).toEqual([expect.stringMatching(new RegExp(`^${name}:${line + 3}:`))]);
	},
);
