import { frame } from "../core/message/frame.ts";
import type { StreamWatcher } from "../core/presence-host.ts";
import { queryOf } from "../core/request/request.ts";
import { queriedGuest } from "./guest.ts";
import type { Members } from "./members.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** Sees the streams that the object holds itself. */
export function guestWatcher(members: Members): StreamWatcher {
	let last: { json: string; bytes: Uint8Array } | undefined;
	const bytesOf = (channel: string, json: string) => {
		const data = `{"channel":${JSON.stringify(channel)},${json.slice(1)}`;
		// The streams of an instance have one name for the channel, so the bytes are the same for all.
		if (last?.json !== data) {
			last = { json: data, bytes: encoder.encode(frame({ type: "sse.presence", data })) };
		}
		return last.bytes;
	};
	return {
		admit: async (request, [channel = ""]) => {
			const guest = queriedGuest(queryOf(request));
			if (guest === undefined) return undefined;
			let key: object | undefined;
			return {
				id: guest.id,
				began: (connection) => {
					key = connection;
					members.join(connection, guest, (json) => connection.write(bytesOf(channel, json)));
				},
				ended: () => key && members.leave(key, guest),
			};
		},
		close: async () => undefined,
	};
}
