import type { ChannelStub } from "../../../src/durable-object/connector.ts";

type Listener = (event: never) => void;

/** The Worker's end of a socket; the test moves the object's end. */
function workerSocket() {
	const listeners = new Map<string, Listener>();
	const sent: string[] = [];
	const tell = (type: string, event: object) => listeners.get(type)?.(event as never);
	let closed = false;
	return {
		socket: {
			accept: () => undefined,
			send: (text: string) => {
				if (closed) throw new Error("Can't call WebSocket send() after close().");
				sent.push(text);
			},
			close: () => {
				closed = true;
			},
			addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
		},
		sent,
		say: (...texts: unknown[]) => {
			for (const data of texts) tell("message", { data });
		},
		end: (code = 1006) => tell("close", { code }),
		fail: (error: unknown) => tell("error", { error }),
		get closed() {
			return closed;
		},
	};
}

/** A namespace whose objects answer as the test says; `sockets` are those opened so far. */
export function namespace(answers: Partial<ChannelStub> = {}) {
	const sockets: ReturnType<typeof workerSocket>[] = [];
	const stub: ChannelStub = {
		publish: async () => ({ receivers: 1 }),
		publishAll: async (_, messages) => ({ outcomes: messages.map(() => ({ receivers: 1 })) }),
		forget: async () => ({ done: true }),
		read: async () => ({ covered: true, messages: [], more: false }),
		head: async () => ({ id: "1-0" }),
		fetch: async (_, init) => {
			if (init?.headers?.upgrade !== "websocket") return new Response("");
			const socket = workerSocket();
			sockets.push(socket);
			return { status: 101, headers: new Headers(), webSocket: socket.socket } as never;
		},
		...answers,
	};
	return { idFromName: (name: string) => name, get: () => stub, stub, sockets };
}
