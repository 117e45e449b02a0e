import { expect, test } from "vitest";
import { collect, setUp } from "./kit.ts";

test("a run is lost in time although new readers keep coming", async () => {
	const { runs } = setUp();
	const { lease = "" } = await runs.start("a", { lease: 200 });
	await runs.append("a", "so far", { lease });
	let end: { status: string } | undefined;
	const first = collect(runs.read("a")).then((read) => {
		end = read.end;
	});
	const later: Promise<unknown>[] = [];
	for (let n = 0; n < 60 && end === undefined; n++) {
		later.push(collect(runs.read("a")));
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	expect(end).toEqual({ status: "lost" });
	await Promise.all([first, ...later]);
});
