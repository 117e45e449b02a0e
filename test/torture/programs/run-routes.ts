/** Runs by requests: `POST …/start`, `POST …/stop`, `GET …/status` and `GET …/read`, each with `?id=`. */
import type { ServerSentEvents } from "../../../src/core/sse.ts";
import { Runs } from "../../../src/runs.ts";

/** Short enough that a run is lost within the time of a test. */
export const lease = 1_500;

/** The words of a run are numbered, so that a reader can tell what is missing or comes twice. */
async function* counted(words: number, signal: AbortSignal) {
	for (let n = 0; n < words && !signal.aborted; n++) {
		yield `${n}.`;
		if (n % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 60));
	}
}

export function runRoutes(sse: ServerSentEvents) {
	const runs = new Runs(sse, { lease, batch: { wait: 20 } });
	return async (
		request: Request,
		host: unknown,
		waitUntil: (work: Promise<unknown>) => void,
	): Promise<Response> => {
		const { pathname, searchParams } = new URL(request.url);
		const id = searchParams.get("id") ?? "";
		try {
			switch (pathname.slice(pathname.lastIndexOf("/") + 1)) {
				case "start": {
					const words = Number(searchParams.get("words"));
					const { role, done } = await runs.start(id, (signal) => counted(words, signal));
					waitUntil(done);
					return Response.json({ role });
				}
				case "stop":
					return await runs.cancelRequest(request, id, { reason: "stop", host });
				case "status":
					return Response.json((await runs.status(id)) ?? null);
				default:
					return await runs.stream(request, id, { format: "told", host });
			}
		} catch (error) {
			return Response.json({ error: String(error) }, { status: 503 });
		}
	};
}
