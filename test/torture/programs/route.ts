import { ServerSentEvents } from "../../../src/core/sse.ts";
import { brokerFrom } from "./broker.ts";

export interface Outgoing {
	channel: string;
	data: string;
}

export type Outcome = { id?: string | undefined } | { error: unknown };

/** A way to publish. A failure is an outcome: nothing rejects. */
export interface Route {
	/** Whether calls without await keep their order. */
	readonly isOrdered: boolean;
	/** @param key identifies the message at the store when it is sent again. */
	one(message: Outgoing, key?: string): Promise<Outcome>;
	/** The same to several channels, in one call. */
	list(channels: readonly string[], data: string): Promise<Outcome[]>;
	/** Several messages, in one call. */
	all(messages: readonly Outgoing[]): Promise<Outcome[]>;
}

export function libraryRoute(): Route {
	const sse = new ServerSentEvents({ connector: brokerFrom(process.env) });
	return {
		isOrdered: true,
		one: ({ channel, data }, key) => sse.publish(data, { channel, key }).catch(failed),
		list: (channels, data) => sse.publish(data, { channel: channels }).catch(allFailed(channels)),
		all: (messages) => sse.publishAll(messages).catch(allFailed(messages)),
	};
}

/** By POST to the hub that `hub` returns. Each is a request of its own, and they race each other. */
export function httpRoute(hub: () => string | undefined): Route {
	const post = async <T>(body: object): Promise<T> => {
		const response = await fetch(`${hub()}/publish`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(2_000),
		});
		const answer = (await response.json()) as T & { error?: string };
		if (!response.ok) throw new Error(answer.error ?? String(response.status));
		return answer;
	};
	return {
		isOrdered: false,
		one: (message, key) => post<Outcome>({ ...message, key }).catch(failed),
		list: (channel, data) => post<Outcome[]>({ channel, data }).catch(allFailed(channel)),
		all: (messages) => post<Outcome[]>(messages).catch(allFailed(messages)),
	};
}

const failed = (error: unknown): Outcome => ({ error });
const allFailed = (messages: readonly unknown[]) => (error: unknown) =>
	messages.map(() => failed(error));
