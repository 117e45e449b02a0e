/**
 * The long form: `npm run test:faults [-- node|bun|deno|upstash…]`. The same tests with the numbers of
 * docs/reliability.md, one after the other. At the end it prints what was measured, as the table there has it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figures.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "edge-sse-faults-"));
const file = join(directory, "figures.jsonl");
writeFileSync(file, "");

const names = process.argv.slice(2).map((name) => `test/faults/${name}.test.ts`);
const args = ["run", "--project", "faults", "--no-file-parallelism", ...names];
const vitest = spawn("vitest", args, {
	cwd: root,
	stdio: "inherit",
	env: {
		...process.env,
		FAULTS: "long",
		FAULTS_FIGURES: file,
		PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
	},
});
const [code, signal] = await once(vitest, "close");

const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
const figures = lines.map((line) => JSON.parse(line) as Figure);
rmSync(directory, { recursive: true });
console.log("\n| fault | on | measured |\n|---|---|---|");
for (const row of new Set(figures.map((figure) => figure.row))) {
	for (const { runtime, text } of figures.filter((figure) => figure.row === row)) {
		console.log(`| ${row} | ${runtime} | ${text} |`);
	}
}
if (code !== 0) {
	console.error(
		`\nvitest ended with ${code ?? signal}: some of it was not measured, or is not as promised.`,
	);
}
process.exitCode = code === 0 ? 0 : 1;
