import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";
import { until } from "./until.ts";

/** K1: a connector whose broker can be away tells whether it is. */
export const checkCases: Case[] = [
	{
		clause: "K1",
		title: "check resolves, rejects in time with the broker gone, and resolves when it is back",
		needs: ["check"],
		async run(kit) {
			const connector = await kit.connect();
			const check = async () => {
				assert.ok(connector.check !== undefined, "its broker can be away, and it cannot tell");
				await connector.check();
				return true;
			};
			await check();
			await kit.stop();
			await kit.rejects(check(), "unavailable", "check, broker gone");
			await kit.start();
			const back = () => check().catch((error: { code?: string }) => error.code !== "unavailable");
			assert.equal(await until(back, { what: "a sign of life" }), true);
			await connector.close();
			await kit.rejects(check(), "closed", "check, closed");
		},
	},
	{
		clause: "K1",
		title: "with the broker frozen check rejects in time",
		needs: ["check", "freeze"],
		async run(kit) {
			const connector = await kit.connect();
			await connector.check?.();
			await kit.pause();
			await kit.rejects(connector.check?.() ?? Promise.resolve(), "unavailable", "check, frozen");
		},
	},
];
