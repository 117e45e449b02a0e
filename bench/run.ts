/**
 * The benchmark: edge-sse beside the least code that does the same, and beside others.
 *
 *     npm run bench                 # every workload and candidate, five rounds: hours
 *     npm run bench -- --quick      # a minute
 *     npm run bench -- --only node-hub,node-raw --workload fanout
 *
 * What it measures, and how, is in docs/performance.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type RedisServer, startRedis } from "../test/support/redis-server.ts";
import { type Candidate, candidates } from "./candidates.ts";
import { compile } from "./harness/compile.ts";
import { loadCore, machine, pin, root } from "./harness/machine.ts";
import { type Bench, measure } from "./measure.ts";
import { type Options, readOptions } from "./options.ts";
import { markdown } from "./report/markdown.ts";
import type { Results } from "./report/results.ts";
import { verdicts } from "./report/targets.ts";
import type { Workload } from "./workload.ts";
import { workloads } from "./workloads.ts";

try {
	await main(readOptions(process.argv.slice(2)));
} catch (error) {
	console.error((error as Error).message);
	process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
	const programs = compile();
	const everyone = candidates(programs.floor);
	if (options.list) return list(everyone);
	check(options.only, everyone, "candidate");
	check(options.workloads, workloads, "workload");

	const plan = planned(options, everyone);
	if (plan.every(({ entrants }) => entrants.length === 0)) {
		throw new Error(
			"None of these candidates is in any of these workloads: see bench/workloads.ts.",
		);
	}
	const missing = new Map(everyone.map((each) => [each.name, each.missing?.()]));
	const results: Results = {
		date: new Date().toISOString(),
		quick: options.quick,
		machine: machine(),
		workloads: plan.map(({ workload }) => workload),
		samples: [],
		failures: [],
		skipped: [...missing].flatMap(([candidate, missing]) =>
			missing === undefined ? [] : [{ candidate, missing }],
		),
		rounds: options.rounds,
	};
	let redis: Promise<RedisServer> | undefined;
	const bench: Bench = {
		load: programs.load,
		redis: () => {
			redis ??= startPinnedRedis();
			return redis;
		},
	};
	try {
		for (let round = 1; round <= options.rounds; round++) {
			for (const { workload, entrants } of plan) {
				const able = entrants.filter(({ name }) => missing.get(name) === undefined);
				// The order changes, so that no candidate is always first, or always after the same one.
				for (const candidate of rotated(able, round - 1)) {
					await one(bench, candidate, workload, round, results);
				}
			}
			write(options.output, results);
		}
	} finally {
		await (await redis)?.stop();
	}
	console.log(markdown(results, everyone));
	if (results.failures.length > 0) process.exitCode = 1;
}

async function one(
	bench: Bench,
	candidate: Candidate,
	workload: Workload,
	round: number,
	results: Results,
): Promise<void> {
	const where = { workload: workload.name, candidate: candidate.name, round };
	const label = `${round} ${workload.name.padEnd(14)} ${candidate.name.padEnd(20)}`;
	try {
		const sample = await measure(bench, candidate, workload, round);
		results.samples.push(sample);
		const figures = Object.entries(sample.figures).filter(([, value]) => value !== 0);
		console.error(label, figures.map(([name, value]) => `${name} ${short(value)}`).join("  "));
	} catch (error) {
		results.failures.push({ ...where, error: (error as Error).message });
		console.error(label, `FAILED: ${(error as Error).message}`);
	}
}

function planned(options: Options, everyone: readonly Candidate[]) {
	const { quick, only } = options;
	const named = (name: string) => options.workloads.includes(name);
	return workloads
		.filter((each) => (options.workloads.length > 0 ? named(each.name) : !quick || each.quick))
		.map((each) => (quick && each.quick ? { ...each, ...each.quick } : each))
		.map((workload) => {
			const inIt = ({ name }: Candidate) =>
				workload.candidates.includes(name) && (only.length === 0 || only.includes(name));
			return { workload, entrants: everyone.filter(inIt).filter((each) => isAble(each, workload)) };
		});
}

function isAble(
	{ can }: Candidate,
	{ channels = 1, perClient = 1, history = 0 }: Workload,
): boolean {
	if (history > 0 && !can.includes("history")) return false;
	if (perClient > 1 && !can.includes("several")) return false;
	return channels === perClient || can.includes("channels");
}

async function startPinnedRedis(): Promise<RedisServer> {
	const redis = await startRedis();
	const info = String(await redis.command("INFO", "server"));
	pin(loadCore, Number(/process_id:(\d+)/.exec(info)?.[1]));
	return redis;
}

function write(output: string, results: Results): void {
	const directory = resolve(root, output);
	mkdirSync(directory, { recursive: true });
	const everyone = candidates("");
	const json = { ...results, targets: verdicts(results.samples) };
	writeFileSync(join(directory, "results.json"), `${JSON.stringify(json, null, "\t")}\n`);
	writeFileSync(join(directory, "results.md"), markdown(results, everyone));
}

function rotated<T>(list: readonly T[], by: number): T[] {
	const at = list.length === 0 ? 0 : (by * 3) % list.length;
	return [...list.slice(at), ...list.slice(0, at)];
}

function check(names: readonly string[], known: readonly { name: string }[], what: string): void {
	const strange = names.find((name) => !known.some((each) => each.name === name));
	if (strange === undefined) return;
	throw new Error(`There is no ${what} ${strange}; see --list.`);
}

function list(everyone: readonly Candidate[]): void {
	for (const { name, title } of [...workloads, ...everyone]) {
		console.log(`${name.padEnd(20)} ${title}`);
	}
}

function short(value: number): string {
	return String(Number(value.toPrecision(3)));
}
