import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, temporaryFolder } from "../package/support.ts";
import { type Snippet, snippets, snippetsOf } from "./snippets.ts";

/** Snippets that are not compiled. Each is given to a parser of its language; `undefined` means valid. */

type Check = (code: string) => string | undefined | Promise<string | undefined>;

const checks: Record<string, Check[]> = {
	json: [(code) => problem(() => JSON.parse(code))],
	jsonc: [(code) => bun("JSONC.parse", code)],
	toml: [(code) => bun("TOML.parse", code)],
	yaml: [(code) => bun("YAML.parse", code)],
	sh: [(code) => read("sh", ["-n"], code)],
	nginx: [unbalanced, (code) => atHand("/usr/sbin/nginx", nginx(code))],
	caddyfile: [unbalanced],
	python: [(code) => atHand("/usr/bin/python3", () => read("python3", ["-m", "ast"], code))],
	// Compiled in compile.test.ts.
	...Object.fromEntries(["ts", "tsx", "js", "jsx"].map((language) => [language, []])),
	// In the guides these are files that tests run.
	...Object.fromEntries(["html", "sql"].map((language) => [language, []])),
	// Only for human readers.
	...Object.fromEntries(["", "text"].map((language) => [language, []])),
};

test("the language of every snippet is known here", () => {
	const unknown = snippets.filter(({ language }) => checks[language] === undefined);
	expect(unknown.map(({ at, language }) => `${at}: ${language}`)).toEqual([]);
});

const checked = snippets.filter(({ language }) => (checks[language] ?? []).length > 0);
test.each(checked)("$at is valid $language", async (snippet) => {
	expect(await problems(snippet)).toEqual([]);
});

test.each([
	["json", '{ "a": 1, }'],
	["jsonc", '{ "a": 1, // one'],
	["toml", "a = [1"],
	["yaml", "a: [1"],
	["sh", "if true; then echo"],
	["nginx", "location / { proxy_pass http://127.0.0.1:1; "],
	["caddyfile", "localhost {"],
])("invalid %s is found", async (language, code) => {
	const [snippet] = snippetsOf("wrong.md", `\`\`\`${language}\n${code}\n\`\`\``);
	expect(snippet && (await problems(snippet))).not.toEqual([]);
});

async function problems({ language, code, at }: Snippet): Promise<string[]> {
	const found = await Promise.all((checks[language] ?? []).map((check) => check(code)));
	return found.filter((one) => one !== undefined).map((one) => `${at}: ${one}`);
}

function problem(parse: () => unknown): string | undefined {
	try {
		parse();
		return undefined;
	} catch (error) {
		return String(error);
	}
}

/** Bun has parsers for these formats. */
async function bun(parser: string, code: string): Promise<string | undefined> {
	const { code: exit, output } = await run("bun", ["-e", `Bun.${parser}(process.argv[1])`, code]);
	return exit === 0 ? undefined : output;
}

/** Gives a program the code as a file, after its arguments. */
async function read(program: string, args: string[], code: string): Promise<string | undefined> {
	const file = join(temporaryFolder(), "snippet");
	await writeFile(file, `${code}\n`);
	const { code: exit, output } = await run(program, [...args, file]);
	return exit === 0 ? undefined : output;
}

/** Runs a check whose program only some machines have. */
function atHand(program: string, check: () => Promise<string | undefined>) {
	return existsSync(program) ? check() : undefined;
}

/** Has nginx check the code within a `server` block. It writes only to the test's folder. */
function nginx(code: string): () => Promise<string | undefined> {
	return async () => {
		const folder = temporaryFolder();
		const around = `pid ${folder}/pid; error_log ${folder}/log; events {}\nhttp { access_log off; server {\n`;
		await writeFile(join(folder, "nginx.conf"), `${around}${code}\n} }\n`);
		const args = ["-t", "-q", "-p", folder, "-c", "nginx.conf", "-e", join(folder, "log")];
		const { code: exit, output } = await run("/usr/sbin/nginx", args);
		return exit === 0 ? undefined : output;
	};
}

/** Finds blocks that are not closed, for formats whose parser is not on every machine. */
function unbalanced(code: string): string | undefined {
	const text = code.replaceAll(/#.*$|"[^"]*"/gm, "");
	const depth = [...text].reduce(
		(sum, char) => sum + Number(char === "{") - Number(char === "}"),
		0,
	);
	return depth === 0 ? undefined : `${depth} blocks are not closed`;
}
