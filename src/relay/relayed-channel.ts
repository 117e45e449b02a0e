import { Listener } from "../connectors/shared/listener.ts";
import { ConnectorError } from "../core/errors.ts";
import type { IncomingStream } from "./incoming.ts";
import type { LiveLine, NumberedLine } from "./protocol.ts";

/** The stream that a channel will change to, and its lines until then. */
interface Successor {
	readonly stream: IncomingStream;
	/** The number of its first line. */
	readonly from: number;
	/** Whether the hub had lost its own broker before that line. */
	readonly isLost: boolean;
	readonly lines: NumberedLine[];
}

/**
 * A channel that this relay wants. Its lines come over one stream at a time. It changes to another stream without a loss
 * when both number the same lines. Otherwise it tells its listeners that the subscription was lost.
 */
export class RelayedChannel {
	readonly name: string;
	readonly #listeners = new Set<RelayListener>();
	#stream: IncomingStream | undefined;
	#successor: Successor | undefined;
	#epoch = "";
	/** The number of the next line. */
	#next = 0;
	/** Whether the hub has lost its own broker. */
	#isLost = false;

	constructor(name: string) {
		this.name = name;
	}

	get isWanted(): boolean {
		return this.#listeners.size > 0;
	}

	/** Whether a stream brings its lines. */
	get isLive(): boolean {
		return this.#stream !== undefined;
	}

	/** Whether its lines come over this stream. */
	comesFrom(stream: IncomingStream): boolean {
		return stream === this.#stream;
	}

	/** Whether the channel is about to change to this stream. */
	waitsFor(stream: IncomingStream): boolean {
		return this.#successor?.stream === stream;
	}

	add(listener: RelayListener): void {
		this.#listeners.add(listener);
		if (this.isLive && !this.#isLost) listener.up();
	}

	delete(listener: RelayListener): void {
		this.#listeners.delete(listener);
	}

	/** A stream brings the channel's lines from now on. */
	live(stream: IncomingStream, line: LiveLine): void {
		const [, , from, epoch, position, isLost] = line;
		if (this.#stream === undefined) {
			const newest = isLost ? undefined : (position ?? undefined);
			for (const listener of this.#listeners) listener.position = newest;
			this.#take(stream, line);
		} else if (epoch !== this.#epoch) {
			// Another process of the hub has other numbers, so they cannot be compared.
			this.#down(new ConnectorError("unavailable", "Another process of the hub took over."));
			this.#take(stream, line);
		} else if (from <= this.#next) this.#stream = stream;
		else this.#successor = { stream, from, isLost, lines: [] };
	}

	line(stream: IncomingStream, line: NumberedLine): void {
		if (this.waitsFor(stream)) this.#successor?.lines.push(line);
		if (stream !== this.#stream || line[2] < this.#next) return;
		this.#tell(line);
		const successor = this.#successor;
		if (successor !== undefined && this.#next >= successor.from) this.#succeed(successor);
	}

	/**
	 * A stream has ended.
	 *
	 * @returns whether the channel has none now.
	 */
	gone(stream: IncomingStream, error: ConnectorError): boolean {
		if (this.waitsFor(stream)) this.#successor = undefined;
		if (stream !== this.#stream) return false;
		const successor = this.#successor;
		this.#down(error);
		if (successor === undefined) return true;
		this.#next = successor.from;
		this.#isLost = successor.isLost;
		this.#succeed(successor);
		this.#up();
		return false;
	}

	/** The subscription is over for good. */
	end(error: ConnectorError): void {
		for (const listener of [...this.#listeners]) listener.end(error);
		this.#listeners.clear();
		this.#stream = undefined;
		this.#successor = undefined;
	}

	#succeed({ stream, lines }: Successor): void {
		this.#successor = undefined;
		this.#stream = stream;
		for (const line of lines) if (line[2] >= this.#next) this.#tell(line);
	}

	#take(stream: IncomingStream, [, , from, epoch, , isLost]: LiveLine): void {
		this.#stream = stream;
		this.#epoch = epoch;
		this.#next = from;
		this.#isLost = isLost;
		this.#up();
	}

	#tell(line: NumberedLine): void {
		this.#next = line[2] + 1;
		if (line[0] === "lost" || line[0] === "restored") this.#isLost = line[0] === "lost";
		for (const listener of [...this.#listeners]) listener.line(line);
	}

	#up(): void {
		// The hub has lost its broker, and misses messages until it is back.
		if (this.#isLost) return;
		for (const listener of [...this.#listeners]) listener.up();
	}

	#down(error: ConnectorError): void {
		this.#stream = undefined;
		this.#successor = undefined;
		for (const listener of [...this.#listeners]) listener.down(error);
	}
}

/** One subscription of a relay. */
export class RelayListener extends Listener {
	/** The channel's newest position when it went live, where the hub told it. */
	position: string | undefined;

	line(line: NumberedLine): void {
		if (line[0] === "m") this.message(line[3]);
		else if (line[0] === "lost") this.down(new ConnectorError("unavailable", line[3]));
		else if (line[0] === "restored") this.up();
		else if (line[0] === "disconnect") this.tell("onDisconnect", line[3]);
		else if (line[0] === "degraded") {
			this.tell("onDegraded", new ConnectorError("unavailable", line[3]));
		}
	}
}
