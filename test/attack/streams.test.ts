import { expect, test } from "vitest";
import { health } from "../support/hub-client.ts";
import { Chance } from "./kit/chance.ts";
import { oneByOne, useHub } from "./kit/hub.ts";
import { compare, expectBounded } from "./kit/rounds.ts";
import { honestStream, hostileStreams, pipelinedAnswers, pipelinedStreams } from "./kit/streams.ts";

const hub = useHub();

test.for(Object.entries(hostileStreams))(
	"%s: costs about as much as an honest request",
	async ([, make]) => {
		const chance = new Chance(20_261_129);
		// The first honest round, which warms up, has no hostile one before it.
		let size = make(chance, 0).bytes.length;
		const hostile = oneByOne(hub(), (request) => {
			const made = make(chance, request);
			size = made.bytes.length;
			return made;
		});
		const honest = oneByOne(hub(), (request) => honestStream(request, size));
		expectBounded(await compare(hub(), hostile, honest));
	},
);

test("pipelined: 100 streams at once on a connection cost about as much as 100 answers", async () => {
	const streams = pipelinedStreams(100);
	const answers = pipelinedAnswers(100);
	const hostile = oneByOne(hub(), () => streams);
	expectBounded(
		await compare(
			hub(),
			hostile,
			oneByOne(hub(), () => answers),
		),
	);
});

test("after all of it there is no stream, no channel, no key, and no line of the log for each request", async () => {
	const { server, redis } = hub();
	await expect.poll(() => health(server)).toMatchObject({ connections: 0, channels: 0 });
	expect(await redis.command("DBSIZE")).toBe(0);
	// Some 1,200 requests were made.
	expect(server.output.split("\n").length).toBeLessThan(100);
});
