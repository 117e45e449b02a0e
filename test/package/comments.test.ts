import { describe, expect, test } from "vitest";
import { declarationsIn, exportsOf, moduleComment, read } from "./declarations.ts";
import { packageJson } from "./installed.ts";

/** What an editor shows of every public name: an explanation, an example and the defaults. */

const files = Object.values(packageJson.exports).flatMap((entry) =>
	typeof entry === "string" ? [] : [entry.types ?? ""],
);

/** The shapes of other libraries' objects, whose members are explained there. */
const foreign = new Set([
	...["IoRedisClient", "IoRedisCluster", "NodeRedisClient", "NodeRedisCluster"],
	...["NodeRedisOptions", "RedisClusterOptions", "RedisSentinelOptions"],
	...["NodeHost", "NodeIncoming", "NodeOutgoing", "ChannelStub"],
]);

/** Interfaces that a user fills in. An optional member of another interface may simply be absent. */
const options = /(?:Options|Limits|Harness|Control|Resume|Grant|KeySource)$/;

describe.each(files)("%s", (file) => {
	test("its module comment says what the entry is for, with a program", () => {
		expect(moduleComment(read(file))).toMatch(/```ts\n.*\n \* ```\n.* \* @module\n/s);
	});

	test("every name has a comment", () => {
		expect(namesWithout(file, "", () => true)).toEqual([]);
	});

	test("every function, class and method has an example", () => {
		const kinds = ["function", "class", "method"];
		expect(namesWithout(file, "@example", (kind) => kinds.includes(kind))).toEqual([]);
	});

	test("every option has a default in its comment", () => {
		const isOption = (kind: string, owner: string) => kind === "optional" && options.test(owner);
		expect(namesWithout(file, "@defaultValue", isOption)).toEqual([]);
	});
});

test("declarationsIn() finds every name without a comment", () => {
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

/** The names of a file whose comment lacks this text. One of several declarations of a function is enough. */
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
