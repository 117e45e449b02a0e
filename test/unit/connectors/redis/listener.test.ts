import { expect, test } from "vitest";
import { Member } from "../../../../src/connectors/redis/listener.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

test("what comes with the confirmation is passed on after onRestored, however early it came", async () => {
	const heard: string[] = [];
	const member = new Member({
		onMessage: (payload) => void heard.push(payload),
		onLost: () => void heard.push("lost"),
		onRestored: () => void heard.push("restored"),
		onEnd: () => void heard.push("end"),
	});
	member.up();
	await member.settled;
	member.message("1");
	member.down(new ConnectorError("unavailable", "gone"));
	member.message("3");
	member.message("4");
	member.up();
	member.message("5");
	expect(heard).toEqual(["1", "lost", "restored", "3", "4", "5"]);
});
