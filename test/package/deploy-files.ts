import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { succeed } from "./installed.ts";
import { root } from "./support.ts";

/** Reads the files that deploy the hub. */

export const read = (path: string): string => readFileSync(join(root, path), "utf8");

/**
 * Parses a YAML, TOML or JSON file. A YAML file of several documents becomes an array. Bun has parsers for
 * these formats.
 */
export async function parsed<T>(path: string): Promise<T> {
	if (extname(path) === ".json") return JSON.parse(read(path)) as T;
	const parser = extname(path) === ".toml" ? "TOML" : "YAML";
	const code = `console.log(JSON.stringify(Bun.${parser}.parse(process.argv[1])))`;
	return JSON.parse((await succeed("bun", ["-e", code, read(path)])).stdout) as T;
}

export interface Instruction {
	name: string;
	rest: string;
}

/** The last stage of the Dockerfile, which makes the image. */
export function lastStage(): Instruction[] {
	const lines = read("Dockerfile")
		.replaceAll(/^#.*\n/gm, "")
		.replaceAll("\\\n", " ")
		.split("\n")
		.filter((line) => line.trim() !== "");
	const instructions = lines.map((line): Instruction => {
		const [, name = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
		return { name, rest };
	});
	return instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
}

/** The arguments of an instruction that must appear once. */
export function only(stage: readonly Instruction[], name: string): string {
	const [found, ...others] = stage.filter((each) => each.name === name);
	if (found !== undefined && others.length === 0) return found.rest;
	throw new Error(`The Dockerfile has ${others.length + 1} or no ${name}.`);
}

/** Parses `NAME=value NAME=value`. */
export function pairs(text: string): Record<string, string> {
	const words = text.split(/\s+/).filter((word) => word !== "");
	return Object.fromEntries(
		words.map((word) => {
			const at = word.indexOf("=");
			return [word.slice(0, at), word.slice(at + 1)];
		}),
	);
}

/** The values of a unit's key, in order. */
export function unit(key: string): string[] {
	const lines = read("examples/deploy/edge-sse.service").split("\n");
	return lines.flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1) : []));
}
