import type { EndReason } from "./delivery/connection.ts";
import { guarded } from "./error-handler.ts";
import type { ErrorHandler } from "./errors.ts";
import type { CheckedLimits } from "./limits.ts";
import type { ServerSentEventsOptions } from "./options.ts";

type HookOptions = Pick<ServerSentEventsOptions, "onConnect" | "onDisconnect"> & {
	limits: Pick<CheckedLimits, "perClient">;
	onError: ErrorHandler;
};

const nobodyListens = (): void => undefined;

/** Calls the user's own functions, which may throw, or return promises that reject. */
export class Hooks {
	readonly #options: HookOptions;

	constructor(options: HookOptions) {
		this.#options = options;
	}

	/** The key that a request counts for. A request whose key function failed is not counted. */
	async keyOf(request: Request, host: unknown): Promise<string | undefined> {
		try {
			return (await this.#options.limits.perClient?.key(request, host)) ?? undefined;
		} catch (error) {
			this.#failed(error);
			return undefined;
		}
	}

	/** A stream has begun. @returns a function that reports its end. */
	connected(channels: readonly string[], request: Request): (reason: EndReason) => void {
		const { onConnect, onDisconnect } = this.#options;
		if (onConnect === undefined && onDisconnect === undefined) return nobodyListens;
		const stream = { channels };
		const since = performance.now();
		guarded(() => onConnect?.(stream, request), this.#failed);
		return (reason) => {
			const duration = Math.round(performance.now() - since);
			guarded(() => onDisconnect?.(stream, { reason, duration }), this.#failed);
		};
	}

	readonly #failed = (error: unknown): void => this.#options.onError(error, { stage: "hook" });
}
