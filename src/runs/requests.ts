import { ConnectorError } from "../core/errors.ts";
import { checkNames } from "../core/known-names.ts";
import { refuse } from "../core/request/response.ts";
import type { RunHost, Visit } from "../core/run-host.ts";
import type { RunRecord } from "../core/run-store.ts";
import { answerTo } from "./answer.ts";
import { runBody } from "./body.ts";
import { plainFormat, type RunFormat, toldFormat } from "./format.ts";
import type { RunReaders } from "./reader.ts";

/** The options of `runs.stream()`. */
export interface RunStreamOptions {
	/**
	 * `after`: a client that reconnects gets what follows its cursor. `all`: it always gets
	 * everything, for clients that drop what they had.
	 *
	 * @defaultValue `"after"`
	 */
	replay?: "all" | "after" | undefined;
	/**
	 * How long to wait for a run that does not exist yet, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	wait?: number | undefined;
	/**
	 * How the response is written. `plain`: only data and ids. `told`: the same, and at the end
	 * an event `sse.end` with `{ status, reason }`. For another library's parser, pass a
	 * `RunFormat`.
	 *
	 * @defaultValue `"plain"`
	 */
	format?: "plain" | "told" | RunFormat | undefined;
	/**
	 * The further arguments that the runtime passed to its fetch handler.
	 *
	 * @defaultValue none
	 */
	host?: unknown;
}

/** The pauses between looks for a run that does not exist yet, in ms: the first and the longest. */
const firstPause = 100;
const longestPause = 1_000;

/** A request, and the form of its answer. */
interface Asked {
	readonly request: Request;
	readonly format: RunFormat;
	readonly replay: "all" | "after";
	readonly host: unknown;
}

/** Answers a request with a run. */
export async function answerRequest(
	{ runHost, readers }: { runHost: RunHost; readers: RunReaders },
	request: Request,
	channel: string,
	options: RunStreamOptions,
): Promise<Response> {
	checkNames("Runs: stream(): ", options, ["replay wait format host"]);
	const { replay = "after", wait = 5_000, host } = options;
	if (replay !== "after" && replay !== "all") {
		throw new TypeError('Runs: stream(): replay: must be "after" or "all".');
	}
	if (typeof wait !== "number" || !(wait >= 0 && wait <= 60_000)) {
		throw new TypeError("Runs: stream(): wait: must be a number of 0 to 60,000, in ms.");
	}
	const format = formatOf(options.format);
	const visit = await runHost.admit(request, channel, host);
	if (!("begin" in visit)) return visit;
	try {
		const record = await awaited(readers, channel, visit.cursor === undefined ? wait : 0, host);
		const streamed =
			record &&
			(await streamOf(runHost, readers, channel, record, visit, { request, format, replay, host }));
		if (!(streamed instanceof ReadableStream)) visit.leave();
		if (streamed === undefined) return absent(format, visit.headers);
		if (streamed === "over") return new Response(null, { status: 204, headers: visit.headers });
		try {
			return runHost.stream(streamed, { ...visit.headers, ...format.headers });
		} catch (error) {
			// A header, for example, may be invalid. Nobody else would cancel the body.
			await streamed?.cancel();
			throw error;
		}
	} catch (error) {
		visit.leave();
		if (!(error instanceof ConnectorError)) throw error;
		runHost.report(error, channel);
		if (format.comesBack) return runHost.later(request, visit.headers);
		return away("The run cannot be read now.", visit.headers);
	}
}

/** @returns undefined: the cursor does not belong to this run; null: the request wants no body. */
async function streamOf(
	runHost: RunHost,
	readers: RunReaders,
	channel: string,
	record: RunRecord,
	visit: Visit,
	{ request, format, replay, host }: Asked,
): Promise<ReadableStream<Uint8Array> | "over" | null | undefined> {
	const answer = answerTo(record, visit.cursor, replay);
	if (answer === "over") return "over";
	const { after, isClaimed } = answer;
	const { onDisconnect } = visit;
	if (isClaimed && !(await isIn(runHost, channel, after, host))) return undefined;
	// A body starts reading at once, and nobody else would cancel it.
	if (request.method === "HEAD") return null;
	return runBody({
		format,
		keepAlive: runHost.options.keepAlive,
		expires: Math.min(visit.expires, endOf(runHost.options.maxDuration)),
		read: (signal) => readers.steps(channel, record, { after, signal, host, onDisconnect }),
		counters: runHost.counters,
		begin: visit.begin,
		report: (error) => runHost.report(error, channel),
	});
}

/** When a stream that begins now is to end. Streams that began together end at different times. */
function endOf(maxDuration: number): number {
	// A body looks at the clock once a second.
	const tick = Math.min(1_000, maxDuration / 10);
	return Date.now() + maxDuration * (0.9 + Math.random() / 10) - tick;
}

async function isIn(runHost: RunHost, channel: string, position: string, host: unknown) {
	if (position === "") return false;
	const { covered } = await runHost.connector(host).history.read(channel, position, 1);
	return covered;
}

/** The record, once it exists. Undefined: the wait timed out. */
async function awaited(readers: RunReaders, channel: string, wait: number, host: unknown) {
	const deadline = performance.now() + wait;
	let pause = firstPause;
	for (;;) {
		const record = await readers.look(channel, host);
		const left = deadline - performance.now();
		if (record !== undefined || left <= 0) return record;
		const ms = Math.min(pause, left);
		await new Promise((resolve) => setTimeout(resolve, ms));
		pause = Math.min(longestPause, 2 * pause);
	}
}

function absent({ absent: status }: RunFormat, headers: Record<string, string>): Response {
	if (status === 204) return new Response(null, { status, headers });
	return refuse(404, absentText, headers);
}

export const absentText = "There is no such run, or it is kept no longer.";

/** A 503 for a failure that may be temporary: the client sees the status. */
export function away(error: string, headers: Record<string, string>): Response {
	const more = { "cache-control": "no-store", "retry-after": "3" };
	return Response.json({ error }, { status: 503, headers: { ...headers, ...more } });
}

function formatOf(format: RunStreamOptions["format"]): RunFormat {
	if (format === undefined || format === "plain") return plainFormat;
	if (format === "told") return toldFormat;
	if (typeof format !== "object" || format === null) {
		throw new TypeError('Runs: stream(): format: must be "plain", "told", or a RunFormat.');
	}
	for (const name of ["chunk", "end", "failure"] as const) {
		if (typeof format[name] === "function") continue;
		throw new TypeError(`Runs: stream(): format.${name}: must be a function.`);
	}
	if (format.comeBack !== undefined && typeof format.comeBack !== "function") {
		throw new TypeError("Runs: stream(): format.comeBack: must be a function.");
	}
	if (format.absent === 204 || format.absent === 404) return format;
	throw new TypeError("Runs: stream(): format.absent: must be 204 or 404.");
}
