import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { readAuth } from "../../src/server/auth.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { nearMisses } from "../../src/server/near-misses.ts";
import { readSettings } from "../../src/server/settings.ts";
import { variables } from "../../src/server/variable-table.ts";
import { call } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { shell } from "../support/programs.ts";
import { lastStage, only, pairs, parsed, read, unit } from "./deploy-files.ts";
import { packed } from "./installed.ts";
import { run, temporaryFolder } from "./support.ts";

/** The hub understands what examples/deploy, the Dockerfile and compose.yaml set. */

const redis = "redis://redis:6379";
const secret = "0123456789abcdef";

interface Compose {
	services: {
		hub: { environment: Record<string, string>; stop_grace_period: string; ports: string[] };
	};
}
interface Fly {
	env: Record<string, string>;
	kill_timeout: string;
	http_service: { internal_port: number; checks: { path: string }[] };
}
interface Render {
	services: {
		healthCheckPath: string;
		maxShutdownDelaySeconds: number;
		envVars: { key: string; value?: string; generateValue?: boolean }[];
	}[];
}
interface Railway {
	deploy: { healthcheckPath: string; drainingSeconds: number };
}
interface Probe {
	httpGet: { path: string };
}
interface Kubernetes {
	spec: {
		template: {
			spec: {
				terminationGracePeriodSeconds: number;
				containers: {
					env: { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }[];
					readinessProbe: Probe;
					livenessProbe: Probe;
				}[];
			};
		};
	};
}

/** The variables that each file sets, the seconds it leaves for stopping, and its probes. */
const told: Record<string, { env: Record<string, string>; grace: number; probes: string[] }> = {};

beforeAll(async () => {
	const [compose, fly, render, railway, kubernetes] = await Promise.all([
		parsed<Compose>("compose.yaml"),
		parsed<Fly>("examples/deploy/fly.toml"),
		parsed<Render>("examples/deploy/render.yaml"),
		parsed<Railway>("examples/deploy/railway.json"),
		parsed<[Kubernetes, ...unknown[]]>("examples/deploy/kubernetes.yaml"),
	]);
	const { environment, stop_grace_period } = compose.services.hub;
	const [web] = render.services;
	const pod = kubernetes[0].spec.template.spec;
	const [container] = pod.containers;
	told.compose = {
		env: Object.fromEntries(Object.entries(environment).map(([k, v]) => [k, interpolated(v)])),
		grace: Number.parseInt(stop_grace_period, 10),
		probes: [],
	};
	told.fly = {
		env: { ...fly.env, PORT: String(fly.http_service.internal_port) },
		grace: Number.parseInt(fly.kill_timeout, 10),
		probes: fly.http_service.checks.map(({ path }) => `ready ${path}`),
	};
	told.render = {
		env: Object.fromEntries(
			(web?.envVars ?? []).map(({ key, value, generateValue }) => {
				return [key, value ?? (generateValue ? secret : redis)];
			}),
		),
		grace: web?.maxShutdownDelaySeconds ?? 0,
		probes: [`restart ${web?.healthCheckPath}`],
	};
	told.railway = {
		env: {},
		grace: railway.deploy.drainingSeconds,
		probes: [`ready ${railway.deploy.healthcheckPath}`],
	};
	told.kubernetes = {
		env: Object.fromEntries(
			(container?.env ?? []).map(({ name, value, valueFrom }) => {
				return [name, value ?? (valueFrom?.secretKeyRef.key === "redis-url" ? redis : secret)];
			}),
		),
		grace: pod.terminationGracePeriodSeconds,
		probes: [
			`ready ${container?.readinessProbe.httpGet.path}`,
			`restart ${container?.livenessProbe.httpGet.path}`,
		],
	};
	told.systemd = {
		env: Object.assign({}, ...unit("Environment").map(pairs)),
		grace: Number(unit("TimeoutStopSec")[0]),
		probes: [],
	};
});

describe.each(["compose", "fly", "render", "railway", "kubernetes", "systemd"])("%s", (name) => {
	test("sets only known variables, to valid values", () => {
		const { env = {} } = told[name] ?? {};
		const known = variables.map((variable) => variable.name);
		expect(Object.keys(env).filter((each) => !known.includes(each))).toEqual([]);
		expect(nearMisses(env)).toEqual([]);
		readAuth(env);
		const { host, port } = readSettings({ ...image(), ...env });
		expect([host, port]).toEqual(["0.0.0.0", 8787]);
	});

	test("leaves more time for stopping than a drain takes, and probes only /readyz and /livez", () => {
		const { env = {}, grace = 0, probes = [] } = told[name] ?? {};
		expect(grace * 1_000).toBeGreaterThan(readSettings(env).drain);
		const paths = { ready: "/readyz", restart: "/livez" };
		const right = Object.entries(paths).map(([use, path]) => `${use} ${path}`);
		expect(probes.filter((probe) => !right.includes(probe))).toEqual([]);
	});
});

/** Resolves `${NAME:-default}` to its default, and `${NAME:?error}` to a user's value. */
function interpolated(text: string): string {
	return text.replace(/^\$\{\w+:([-?])(.*)\}$/, (_, kind: string, rest: string) =>
		kind === "-" ? rest : secret,
	);
}

function image(): Record<string, string> {
	const { NODE_ENV, ...env } = pairs(only(lastStage(), "ENV"));
	expect(NODE_ENV).toBe("production");
	return env;
}

test("the image's steps make a healthy hub that runs without root and drains on SIGTERM", async () => {
	const stage = lastStage();
	expect(stage.map(({ name }) => name)).toEqual([
		...["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"],
	]);
	expect(only(stage, "USER")).toBe("node");
	const folder = temporaryFolder();
	const [, target = ""] = only(stage, "COPY").split(" ").slice(1);
	const work = join(folder, only(stage, "WORKDIR"));
	await Promise.all([mkdir(work), mkdir(join(folder, "tmp"))]);
	await copyFile(await packed(folder), join(folder, target));
	const env = { ...image(), PORT: String(await freePort()), SSE_PUBLISH_TOKEN: secret };
	const step = only(stage, "RUN").replaceAll(target, join(folder, target));
	const made = shell(step, { npm_config_prefer_offline: "true" }, work);
	expect(await made.ended(), made.output).toBe(0);

	const [, health = ""] = /CMD (\[.*\])$/.exec(only(stage, "HEALTHCHECK")) ?? [];
	const healthy = async () => shell(words(health), env, work).ended();
	expect(health).toContain("/livez");
	expect(await healthy()).toBe(1);
	const hub = shell(`exec ${words(only(stage, "ENTRYPOINT"))}`, env, work);
	await hub.says("listening on http://0.0.0.0:");
	expect(await healthy()).toBe(0);
	expect((await call(`http://127.0.0.1:${env.PORT}/`)).status).toBe(200);
	hub.signal("SIGTERM");
	expect(await hub.ended(), hub.output).toBe(0);
});

/** The exec form of an instruction, quoted for a shell. */
function words(json: string): string {
	const list: string[] = JSON.parse(json);
	return list.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}

test("systemd accepts the unit", async () => {
	const analyze = "/usr/bin/systemd-analyze";
	const [command = ""] = unit("ExecStart");
	expect(command).toContain("/edge-sse/dist/cli.js --publish-token-file %d/publish-token");
	expect(unit("LoadCredential")).toEqual([expect.stringMatching(/^publish-token:/)]);
	// Only some machines have systemd. It checks that the programs exist.
	if (!existsSync(analyze)) return;
	const file = join(temporaryFolder(), "edge-sse.service");
	const text = read("examples/deploy/edge-sse.service").replaceAll(
		"/usr/bin/node",
		process.execPath,
	);
	await writeFile(file, text);
	const { code, output } = await run(analyze, ["verify", file]);
	expect([code, output]).toEqual([0, ""]);
});

describe("metrics that are watched", () => {
	interface Rules {
		groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
	}
	interface Dashboard {
		panels: { targets: { expr: string }[]; gridPos: { x: number; y: number } }[];
	}
	const used = (text: string) => text.match(/\b(?:sse|process|nodejs)_\w+/g) ?? [];
	let counted: string[];
	beforeAll(async () => {
		const sse = new ServerSentEvents({ connector: memory() });
		const text = await createMetrics(sse).read();
		await sse.close();
		counted = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
	});

	test("by the alerts are all exported by the hub", async () => {
		const { groups } = await parsed<Rules>("examples/deploy/alerts.yaml");
		const rules = groups.flatMap((group) => group.rules);
		expect(rules.length).toBeGreaterThan(5);
		const names = rules.flatMap(({ expr }) => used(expr));
		expect(names.filter((name) => !counted.includes(name))).toEqual([]);
		expect(rules.filter(({ annotations }) => annotations.summary === "")).toEqual([]);
	});

	test("by the dashboard are all exported, and it shows every metric of the hub", async () => {
		const { panels } = await parsed<Dashboard>("examples/deploy/grafana-dashboard.json");
		const names = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => used(expr)));
		expect(names.filter((name) => !counted.includes(name))).toEqual([]);
		const own = counted.filter((name) => name.startsWith("sse_"));
		expect(own.filter((name) => !names.includes(name))).toEqual([]);
		const places = panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
		expect(new Set(places).size).toBe(panels.length);
	});
});
