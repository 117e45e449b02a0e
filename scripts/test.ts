/**
 * `npm test`: all groups, in this order, until one fails. `npm test -- check browser`: these groups only, as in CI's
 * jobs. The last line of the output is `N passed, N failed`; a step that fails without a failing test counts as
 * one failure.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureTools } from "./tools.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "edge-sse-test-"));
// A step takes minutes on two free processors, and many times that on a busy machine. A longer run is taken for a hang.
const stepTimeout = 60 * 60_000;

// Connector tests wait for brokers, and use a processor for less than half of their time. With two more files at a time
// they take 281 s instead of 457 on two processors. The other projects do not become faster.
const mostConnectors = availableParallelism() + 2;

interface Outcome {
	passed: number;
	failed: number;
	/** The problem, for the heading of the failure. */
	problem?: string;
}

type Step = [name: string, run: () => Promise<Outcome>];

const groups: Record<string, Step[]> = {
	check: [
		["types, lint, format and unused exports", () => allOf("types", "lint", "unused")],
		["unit tests", () => tests("unit")],
		["fuzz", () => tests("fuzz")],
	],
	connectors: [
		["connector tests", () => tests("connectors")],
		["resume tests", () => tests("resume")],
	],
	runtimes: [
		["runtime tests", () => tests("runtimes")],
		["proxies", () => tests("proxies")],
		["attack", () => tests("attack")],
		["faults", () => tests("faults", "faults:short")],
		["torture", () => tests("torture")],
	],
	browser: [["browser tests", () => tests("browser")]],
	package: [
		["examples", () => tests("examples")],
		["build and package tests", () => tests("package")],
	],
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(groups, name));
if (unknown !== undefined) {
	console.error(`Unknown group ${unknown}; expected: ${Object.keys(groups).join(", ")}.`);
	process.exit(2);
}
const chosen = Object.entries(groups).filter(
	([name]) => asked.length === 0 || asked.includes(name),
);
const steps: Step[] = [["tools", tools], ...chosen.flatMap(([, group]) => group)];

const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, () => {
		for (const child of running) child.kill(signal);
	});
}

const total = { passed: 0, failed: 0 };
for (const [name, run] of steps) {
	console.log(`\n── ${name}`);
	const start = performance.now();
	const { passed, failed, problem } = await run().catch(
		(error: unknown): Outcome => ({ passed: 0, failed: 1, problem: String(error) }),
	);
	const seconds = ((performance.now() - start) / 1_000).toFixed(1);
	total.passed += passed;
	total.failed += failed;
	if (problem !== undefined) {
		console.log(`\n✗ ${name}: FAILED after ${seconds} s: ${problem}`);
		break;
	}
	console.log(`✓ ${name}: ${seconds} s`);
}
rmSync(reports, { recursive: true, force: true });
if (total.failed > 0) process.exitCode = 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);

async function tools(): Promise<Outcome> {
	try {
		ensureTools();
		return { passed: 0, failed: 0 };
	} catch (error) {
		return { passed: 0, failed: 1, problem: (error as Error).message };
	}
}

/** Runs npm scripts in parallel. Prints the output of each as a whole, in their order. */
async function allOf(...scripts: string[]): Promise<Outcome> {
	const results = await Promise.all(
		scripts.map(async (script) => ({ script, ...(await npmRun("pipe", script)) })),
	);
	for (const { output } of results) process.stdout.write(output);
	const bad = results.filter(({ end }) => end !== "exit 0");
	if (bad.length === 0) return { passed: 0, failed: 0 };
	const problem = bad.map(({ script, end }) => `npm run ${script} (${end})`).join(", ");
	return { passed: 0, failed: bad.length, problem };
}

/** Runs one vitest project. Shows its output as it runs, and counts tests from its JSON report. */
async function tests(project: string, script: string = project): Promise<Outcome> {
	const report = join(reports, `${project}.json`);
	const { end } = await npmRun(
		"inherit",
		...[`test:${script}`, "--", "--reporter=default", "--reporter=json"],
		`--outputFile.json=${report}`,
		...(project === "connectors" ? [`--maxWorkers=${mostConnectors}`] : []),
	);
	const counted = count(report);
	if (counted === undefined) {
		return { passed: 0, failed: 1, problem: `no test report was written (${end})` };
	}
	const { passed, failed, skipped } = counted;
	const problems: string[] = [];
	if (failed > 0) problems.push(`${failed} failed`);
	else if (end !== "exit 0") problems.push(`${end}, although no test failed`);
	if (passed + failed === 0) problems.push("there are no tests");
	if (skipped > 0) problems.push(`${skipped} skipped: a test that does not run proves nothing`);
	if (problems.length === 0) return { passed, failed };
	return { passed, failed: Math.max(failed, 1), problem: problems.join("; ") };
}

function count(report: string): { passed: number; failed: number; skipped: number } | undefined {
	let text: string;
	try {
		text = readFileSync(report, "utf8");
	} catch {
		return undefined; // vitest ended before it came to its report
	}
	const json: Record<string, unknown> = JSON.parse(text);
	const number = (name: string) => {
		const value = json[name];
		if (typeof value !== "number") throw new Error(`vitest's report has no ${name}`);
		return value;
	};
	return {
		passed: number("numPassedTests"),
		failed: number("numFailedTests"),
		skipped: number("numPendingTests") + number("numTodoTests"),
	};
}

async function npmRun(
	output: "inherit" | "pipe",
	...args: string[]
): Promise<{ end: string; output: string }> {
	const child = spawn("npm", ["run", "--silent", ...args], {
		cwd: root,
		env: {
			...process.env,
			PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
		},
		stdio: ["ignore", output, output],
		timeout: stepTimeout,
	});
	running.add(child);
	let text = "";
	const keep = (chunk: Buffer) => {
		text += chunk.toString();
	};
	child.stdout?.on("data", keep);
	child.stderr?.on("data", keep);
	const [code, signal] = await once(child, "close");
	running.delete(child);
	return { end: signal === null ? `exit ${code}` : `ended by ${signal}`, output: text };
}
