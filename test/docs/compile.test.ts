import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { companions, compiled, complaints, patience } from "./compiler.ts";
import { documentsWithGiven, givenTo, unused } from "./given.ts";
import { snippets, snippetsOf } from "./snippets.ts";

/** Compiles every snippet of a compiled language as in a user's project, against the packed package. */

// The code of the quickstart and the guides is files of examples/ (test/examples/quickstart.test.ts), which are
// compiled and run there.
const programs = snippets.filter(
	({ language, document }) =>
		compiled.has(language) && !/^docs\/(quickstart\.md|guides\/)/.test(document),
);
const documents = [...new Set(programs.map(({ document }) => document))];

// Wrong snippets, because a misconfigured compiler could accept everything.
const wrong: Record<string, [line: number, code: string]> = {
	"with an unknown option": [2, "new ServerSentEvents({\n  connector, keepalive: 1 });"],
	"with an undeclared name": [1, "await sse.publish(nothing);"],
	"with an unknown entry": [1, 'import { sse } from "edge-sse/nowhere";'],
	"as options, one of them unknown": [1, "authorise: () => true,"],
	"with an unknown method": [1, "sse.broadcast({});"],
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
	"%s: its snippets use every name that is declared for them",
	(document) => {
		const own = programs.filter((program) => program.document === document);
		expect(own).not.toEqual([]);
		expect(unused(document, own.map(({ code }) => code).join("\n"))).toEqual([]);
	},
);

test.each(Object.entries(wrong))(
	"a snippet does not compile, and the error has its line: %s",
	(name, [line]) => {
		expect(foundIn(name)).toEqual([expect.stringMatching(new RegExp(`^${name}:${line + 3}:`))]);
	},
);
