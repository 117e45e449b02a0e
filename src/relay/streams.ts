import type { Connector } from "../core/connector.ts";
import { ConnectorError, type ErrorHandler } from "../core/errors.ts";
import { NumberedChannel } from "./numbered-channel.ts";
import { lineText, type RelayFacts } from "./protocol.ts";
import { RelayStream } from "./relay-stream.ts";

export const closing = "The hub is closing.";

/** All streams to relays of one connector. Each channel is subscribed to once for all of them. */
export class RelayStreams {
	readonly #connector: Connector;
	readonly #report: ErrorHandler;
	readonly #channels = new Map<string, NumberedChannel>();
	readonly #streams = new Set<RelayStream>();
	#closed = false;

	constructor(connector: Connector, report: ErrorHandler) {
		this.#connector = connector;
		this.#report = report;
	}

	/**
	 * @param positions whether each channel's position comes with its confirmation.
	 * @throws {ConnectorError} when the hub is closing.
	 */
	open(names: readonly string[], positions: boolean, facts: RelayFacts): RelayStream {
		// A hub that drains still listens. A new stream would keep it from ending.
		if (this.#closed) throw new ConnectorError("unavailable", closing);
		const stream = new RelayStream((ended, error) => {
			this.#streams.delete(ended);
			if (error !== undefined) this.#report(error, { stage: "stream" });
		});
		this.#streams.add(stream);
		stream.write(lineText(["open", facts]));
		for (const name of new Set(names)) void this.#add(stream, name, positions);
		return stream;
	}

	close(): void {
		this.#closed = true;
		for (const stream of [...this.#streams]) stream.close();
	}

	async #add(stream: RelayStream, name: string, positions: boolean): Promise<void> {
		const channel = this.#channels.get(name) ?? this.#channel(name);
		stream.channels.add(channel);
		const { history } = this.#connector;
		const wanted = positions && history !== undefined;
		try {
			await channel.add(stream, wanted ? () => history.head(name) : undefined);
		} catch (error) {
			stream.channels.delete(channel);
			channel.remove(stream);
			this.#report(error, { stage: "subscribe", channel: name });
			const { code, message } = told(error);
			stream.write(lineText(["end", name, 0, code, message]));
		}
	}

	#channel(name: string): NumberedChannel {
		const channel = new NumberedChannel(name, this.#connector, {
			report: (error) => this.#report(error, { stage: "unsubscribe", channel: name }),
			ended: (ended) => {
				if (this.#channels.get(name) === ended) this.#channels.delete(name);
			},
		});
		this.#channels.set(name, channel);
		return channel;
	}
}

/** What a relay is told of an error. The details of an unknown error stay here. */
export function told(error: unknown): { code: "unavailable" | "refused"; message: string } {
	if (!(error instanceof ConnectorError))
		return { code: "unavailable", message: "The hub failed." };
	return { code: error.code === "refused" ? "refused" : "unavailable", message: error.message };
}
