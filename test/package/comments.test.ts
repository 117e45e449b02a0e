import { describe, expect, test } from "vitest";
import { declarationsIn, exportsOf, moduleComment, read } from "./declarations.ts";
import { packageJson } from "./installed.ts";

/** What an editor shows of every public name: what it is, how to use it, and what applies by default. */

const files = Object.values(packageJson.exports).flatMap((entry) =>
	typeof entry === "string" ? [] : [entry.types ?? ""],
);

/** The shapes of other libraries' objects. Their members are explained there. */
const foreign = new Set([
	...["IoRedisClient", "IoRedisCluster", "NodeRedisClient", "NodeRedisCluster"],
	...["NodeRedisOptions", "RedisClusterOptions", "RedisSentinelOptions"],
	...["NodeHost", "NodeIncoming", "NodeOutgoing", "ChannelStub"],
]);

/** Interfaces that a user fills in. An optional member of any other may just be missing. */
const options = /(?:Options|Limits|Harness|Control|Resume|Grant|KeySource)$/;

describe.each(files)("%s", (file) => {
	test("begins with what the entry is for, and a program", () => {
		expect(moduleComment(read(file))).toMatch(/```ts\n.*\n \* ```\n.* \* @module\n/s);
	});

	test("explains each name", () => {
		expect(namesWithout(file, "", () => true)).toEqual([]);
	});

	test("has an example for each function, class and method", () => {
		const kinds = ["function", "class", "method"];
		expect(namesWithout(file, "@example", (kind) => kinds.includes(kind))).toEqual([]);
	});

	test("says for each option what applies without it", () => {
		const isOption = (kind: string, owner: string) => kind === "optional" && options.test(owner);
		expect(namesWithout(file, "@defaultValue", isOption)).toEqual([]);
	});
});

test("a name without a comment is found, whatever it is", () => {
	const found = declarationsIn(
		"/** Explained. */\nexport interface AOptions {\n    /** Explained. */\n    one?: number;\n" +
			"    two?: string;\n}\nexport declare class B {\n    #private;\n    run<T>(): T;\n}\n" +
			"export declare function c(): void;\n",
	);
	expect(found.filter(({ comment }) => comment === "").map(({ name }) => name)).toEqual(["B", "c"]);
	expect(found.flatMap(({ members }) => members)).toEqual([
		{ name: "one", kind: "optional", comment: "/** Explained. */" },
		{ name: "two", kind: "optional", comment: "" },
		{ name: "run", kind: "method", comment: "" },
	]);
});

/** The names of a file whose comment lacks this text. A function may be declared several times. */
function namesWithout(
	file: string,
	text: string,
	isAsked: (kind: string, owner: string) => boolean,
): string[] {
	const lacks = ({ comment }: { comment: string }) => comment === "" || !comment.includes(text);
	const explained = new Set<string>();
	const found = exportsOf(file).flatMap((declaration) => {
		const { name, kind, members } = declaration;
		if (!lacks(declaration)) explained.add(name);
		const own = isAsked(kind, name) && lacks(declaration) ? [name] : [];
		const asked = foreign.has(name) ? [] : members;
		const inner = asked.filter((each) => isAsked(each.kind, name) && lacks(each));
		return [...own, ...inner.map((each) => `${name}.${each.name}`)];
	});
	return found.filter((name) => !explained.has(name));
}
