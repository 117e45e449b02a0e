import { defineConfig } from "vitest/config";

// One project per kind of test, so that each can be run alone: `npm run test:unit`. Files run side by
// side: every test takes its own ports and ends its own servers.
const project = (name: string, include: string[], timeout = 30_000) => ({
	test: { name, include, testTimeout: timeout, hookTimeout: timeout, environment: "node" },
});

export default defineConfig({
	test: {
		// A promise nobody caught is a bug in the library or in the test: never ignored.
		dangerouslyIgnoreUnhandledErrors: false,
		passWithNoTests: false,
		allowOnly: false,
		// A file for each processor (vitest leaves one free): they mostly wait for servers.
		maxWorkers: "100%",
		projects: [
			project("unit", ["test/unit/**/*.test.ts"], 10_000),
			project("fuzz", ["test/fuzz/**/*.test.ts"], 60_000),
			project("connectors", ["test/connectors/**/*.test.ts"]),
			project("resume", ["test/resume/**/*.test.ts"]),
			project("runtimes", ["test/runtimes/**/*.test.ts"], 60_000),
			project("browser", ["test/browser/**/*.test.ts"], 60_000),
			project("attack", ["test/attack/**/*.test.ts"], 60_000),
			project("faults", ["test/faults/**/*.test.ts"], 90_000),
			project("torture", ["test/torture/**/*.test.ts"], 90_000),
			project("examples", ["test/examples/**/*.test.ts"], 60_000),
			project("package", ["test/{package,docs}/**/*.test.ts"], 60_000),
		],
	},
});
