import { frame } from "../core/message/frame.ts";
import type { StreamWatcher } from "../core/presence-host.ts";
import { queryOf } from "../core/request/request.ts";
import { queriedGuest } from "./guest.ts";
import { lastMade } from "./last-made.ts";
import type { Members } from "./members.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** Sees the streams that the object holds itself. */
export function guestWatcher(members: Members): StreamWatcher {
	// The streams of an instance have one name for the channel, so the bytes are the same for all.
	let name = "";
	const bytesOf = lastMade((json) => {
		const data = `{"channel":${JSON.stringify(name)},${json.slice(1)}`;
		return encoder.encode(frame({ type: "sse.presence", data }));
	});
	return {
		admit: async (request, [channel = ""]) => {
			const guest = queriedGuest(queryOf(request));
			if (guest === undefined) return undefined;
			let key: object | undefined;
			name = channel;
			return {
				id: guest.id,
				began: (connection) => {
					key = connection;
					members.join(connection, guest, (json) => connection.write(bytesOf(json)));
				},
				ended: () => key && members.leave(key, guest),
			};
		},
		close: async () => undefined,
	};
}
