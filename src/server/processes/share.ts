import { ConnectorError } from "../../core/errors.ts";
import { relay } from "../../relay.ts";
import type { Share } from "../create.ts";
import { logFailure } from "../log.ts";
import { type Environment, whole as wholeNumber } from "../variables.ts";
import type { ProcessFigures } from "../whole.ts";
import type { Begin } from "./begin.ts";
import type { Lender } from "./borrowed.ts";
import type { Peer } from "./peer.ts";

/** What a child has in common with the hub's other processes. Its parent answers for all of them. */
export function shareOf(
	{ address, broker }: Pick<Begin, "address" | "broker">,
	environment: Environment,
	peer: Pick<Peer, "ask">,
	state: { readonly isClosing: boolean },
): Share {
	const asked = async <Answer>(what: string, value?: unknown): Promise<Answer> => {
		try {
			return await peer.ask<Answer>(what, value);
		} catch (cause) {
			// The routes answer this error with 503: the same request may succeed later.
			throw new ConnectorError(
				"unavailable",
				"The other processes of the hub could not be asked.",
				{ cause },
			);
		}
	};
	const timeout = wholeNumber(environment, "SSE_BROKER_TIMEOUT", { least: 1 });
	return {
		connector:
			address && relay(address.url, { token: address.token, history: address.history, timeout }),
		whole: {
			...{ isShared: true, broker },
			get isClosing() {
				return state.isClosing;
			},
			stats: () => asked("allStats"),
			streamsOf: (channel) => asked("allStreamsOf", channel),
			processes: () => asked<ProcessFigures>("allProcesses"),
		},
	};
}

/** Places come from the parent, which also counts those of processes that have ended. */
export function lenderOf(peer: Pick<Peer, "ask" | "tell">, spare: number): Lender {
	return {
		spare,
		give: (places: number) => peer.tell("give", places),
		take: async () => {
			try {
				return await peer.ask<boolean>("take");
			} catch (error) {
				// The places may still come. The clients that waited are told to reconnect.
				logFailure("places", error);
				return false;
			}
		},
	};
}
