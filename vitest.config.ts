import { defineConfig } from "vitest/config";

// One project per kind of test, so that each can be run alone: `npm run test:unit`. Files run side by
// side: every test takes its own ports and ends its own servers. The limits only end what hangs: a machine
// with a tenth of a processor takes that much longer for everything.
const project = (name: string, include: string[], timeout = 180_000) => ({
	test: {
		...{ name, include, testTimeout: timeout, hookTimeout: timeout, environment: "node" },
		// A second, which is the default, is less than one answer may take.
		expect: { poll: { timeout: 40_000 } },
	},
});

// A file needs no process of its own where it starts no servers. A thread takes half of the processor time.
const inThreads = ({ test }: ReturnType<typeof project>) => ({
	test: { ...test, pool: "threads" as const },
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
			inThreads(project("unit", ["test/unit/**/*.test.ts"], 120_000)),
			inThreads(project("fuzz", ["test/fuzz/**/*.test.ts"])),
			project("connectors", ["test/connectors/**/*.test.ts"]),
			project("resume", ["test/resume/**/*.test.ts"]),
			project("runtimes", ["test/runtimes/**/*.test.ts"]),
			project("browser", ["test/browser/**/*.test.ts"]),
			project("attack", ["test/attack/**/*.test.ts"]),
			project("faults", ["test/faults/**/*.test.ts"]),
			project("torture", ["test/torture/**/*.test.ts"]),
			project("proxies", ["test/proxies/**/*.test.ts"]),
			project("examples", ["test/examples/**/*.test.ts"]),
			project("package", ["test/{package,docs}/**/*.test.ts"]),
		],
	},
});
