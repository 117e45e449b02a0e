import { expect, test } from "vitest";
import { Listener } from "../../../../src/connectors/shared/listener.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

test("messages that come with the confirmation are passed on after onRestored", async () => {
	const heard: string[] = [];
	const listener = new Listener({
		onMessage: (payload) => void heard.push(payload),
		onLost: () => void heard.push("lost"),
		onRestored: () => void heard.push("restored"),
		onEnd: () => void heard.push("end"),
	});
	listener.up();
	await listener.settled;
	listener.message("1");
	listener.down(new ConnectorError("unavailable", "gone"));
	listener.message("3");
	listener.message("4");
	listener.up();
	listener.message("5");
	expect(heard).toEqual(["1", "lost", "restored", "3", "4", "5"]);
});
