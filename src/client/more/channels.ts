import type { ShareKey, SourceOptions } from "../source.ts";
import type { EventClientOptions, Gap, SetState, StreamUrl } from "../types.ts";
import { Wants } from "./wants.ts";

/** A client of the stream of all channels. */
interface InnerClient {
	on(type: never, listener: (data: never, event: { lastEventId: string }) => void): unknown;
	onState(listener: SetState): unknown;
	close(): void;
}

/** The key of a channel's listener has a type and, a line below, the channel's name. */
type Listeners = Iterable<readonly [key: string, ...rest: unknown[]]>;

/** What tells a client's channels of its listeners. */
const known = /* @__PURE__ */ new WeakMap<SourceOptions, (listeners: Listeners) => void>();

/** Passes a client's listeners to its channels. The rest is what `openChannels` takes. */
export function listen(listeners: Listeners, ...of: Parameters<typeof openChannels>): void {
	const [options] = of;
	const channels = known.get(options) ?? openChannels(...of);
	known.set(options, channels);
	channels(listeners);
}

/**
 * One stream for all channels that somebody listens to, in any tab.
 *
 * Each list of channels has a client of its own, which tabs with the same list share. When the
 * list changes each tab leaves the one and enters the other at its own cursor. The cursor names
 * each channel, so those that stay go on where they were.
 *
 * @param key names the tabs that share. None: this one is alone.
 * @param streamUrl makes a URL absolute.
 */
function openChannels(
	options: SourceOptions,
	key: ShareKey,
	streamUrl: (url: string | URL) => URL,
	Client: new (url: StreamUrl, options: EventClientOptions) => InnerClient,
	deliver: (key: string, text: string, lastEventId: string) => void,
	setState: SetState,
): (listeners: Listeners) => void {
	let types: readonly string[] = [];
	/** The types that the open client listens to. */
	let heard = new Set<string>();
	/** The channels that this tab listens to. */
	let wanted: ReadonlySet<string> = new Set();
	let list = "[]";
	let client: InnerClient | undefined;
	let cursor = options.lastEventId;

	const open = (channels: readonly string[]): void => {
		const next = JSON.stringify(channels);
		if (next === list) return;
		list = next;
		const before = client;
		client = undefined;
		before?.close();
		if (channels.length === 0) {
			cursor = options.lastEventId;
			setState("closed", undefined, "channels");
			return;
		}
		const opened = new Client(() => urlOf(channels), {
			...options,
			share: key ? `${key} ${list}` : false,
			...(cursor !== undefined && { lastEventId: cursor }),
			parse: (text) => text,
		});
		client = opened;
		opened.onState((state, error) => {
			if (client === opened) setState(state, error, "channels");
		});
		heard = new Set();
		listenToTypes();
	};

	const urlOf = async (channels: readonly string[]): Promise<URL> => {
		const { url } = options;
		const target = streamUrl(typeof url === "function" ? await url() : url);
		for (const channel of channels) target.searchParams.append("channel", channel);
		target.searchParams.set("envelope", "1");
		target.searchParams.set("sse.cursor", "named");
		return target;
	};

	const listenToTypes = (): void => {
		for (const type of types) {
			if (client === undefined || heard.has(type)) continue;
			heard.add(type);
			const own = client;
			own.on(type as never, (data: unknown, { lastEventId }) => {
				if (client === own) hear(type, data, lastEventId);
			});
		}
	};

	const hear = (type: string, data: unknown, lastEventId: string): void => {
		cursor = lastEventId || cursor;
		if (type.startsWith("sse.")) {
			// A gap is one channel's. What else is told is about the stream, so every channel gets it.
			const { channel } = data as Partial<Gap>;
			const of = channel === undefined ? [...wanted] : [channel].filter((each) => wanted.has(each));
			const keys = of.map((each) => `${type}\n${each}`);
			if (of.length > 0) keys.unshift(type);
			for (const key of keys) deliver(key, JSON.stringify(data), lastEventId);
		} else {
			const text = String(data);
			const { channel, data: inner } = JSON.parse(text) as { channel: string; data: unknown };
			// A parser of the page's own gets what it would get without an envelope.
			const isText = options.parse !== undefined && typeof inner === "string";
			const head = `{"channel":${JSON.stringify(channel)},"data":`;
			deliver(`${type}\n${channel}`, isText ? inner : text.slice(head.length, -1), lastEventId);
		}
	};

	const wants = new Wants(key, open);

	return (listeners) => {
		const keys = [...listeners].map(([each]) => each);
		const pairs = keys.filter((each) => each.includes("\n")).map(partsOf);
		types = [...new Set(["sse.ping", "sse.gap", "sse.disconnect", ...pairs.map(([type]) => type)])];
		listenToTypes();
		wanted = new Set(pairs.map(([, channel]) => channel));
		wants.set(wanted);
	};
}

function partsOf(key: string): [type: string, channel: string] {
	const end = key.indexOf("\n");
	return [key.slice(0, end), key.slice(end + 1)];
}
