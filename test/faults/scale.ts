/** The sizes of everything: small with `npm test`, and those of reliability.md with `npm run test:faults`. */
export interface Scale {
	/** Clients that come and vanish, and for how long, in ms. */
	vanishing: { clients: number; duration: number };
	/**
	 * Clients that do not read while messages are published: their count, their bytes, and the pause between
	 * two in ms.
	 */
	unread: { clients: number; messages: number; bytes: number; pace: number };
	/** Clients that are connected while the process is stopped. */
	stopped: number;
	/** Clients, and channels of half of them, that are connected while the broker is down. */
	outage: { clients: number; channels: number };
	/** Requests that never end. */
	unfinished: number;
}

export const isLong: boolean = process.env.FAULTS === "long";

export const scale: Scale = isLong
	? {
			vanishing: { clients: 2_000, duration: 60_000 },
			unread: { clients: 200, messages: 3_200, bytes: 62_500, pace: 10 },
			stopped: 1_000,
			outage: { clients: 10_000, channels: 1_000 },
			unfinished: 500,
		}
	: {
			vanishing: { clients: 300, duration: 2_500 },
			unread: { clients: 20, messages: 300, bytes: 62_500, pace: 5 },
			stopped: 200,
			outage: { clients: 1_000, channels: 100 },
			unfinished: 100,
		};
