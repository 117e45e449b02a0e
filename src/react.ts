/**
 * Hooks for React, over `edge-sse/client`.
 *
 * ```ts
 * import { EventClient } from "edge-sse/client";
 * import { useEventState, useLatest } from "edge-sse/react";
 *
 * // One for the page: it connects when a component listens, and leaves when none does.
 * const events = new EventClient<{ price: number }>("/stream?channel=prices");
 *
 * export function usePrice() {
 * 	return { price: useLatest(events, "price"), state: useEventState(events) };
 * }
 * ```
 *
 * @module
 */

import { useEffect, useInsertionEffect, useRef, useState, useSyncExternalStore } from "react";
import type { ClientEvent, ClientState, DataOf, EventClient, TypeOf } from "./client.ts";

/**
 * Calls back for every event of a type while the component is mounted, with the listener of the latest render. A listener
 * that changes costs no new subscription.
 *
 * @example
 * ```ts
 * useEvent(events, "greeting", ({ message }, { lastEventId }) => add(lastEventId, message));
 * ```
 *
 * @param type an event's type; `sse.gap` says that events may be missing.
 */
export function useEvent<Events extends object, Type extends TypeOf<Events>>(
	events: EventClient<Events>,
	type: Type,
	listener: (data: DataOf<Events, Type>, event: ClientEvent<Type, DataOf<Events, Type>>) => void,
): void {
	const latest = useRef(listener);
	// Before every other effect of the same commit. On a server it does nothing, without a warning.
	useInsertionEffect(() => {
		latest.current = listener;
	});
	useEffect(() => events.on(type, (data, event) => latest.current(data, event)), [events, type]);
}

/**
 * The data of the latest event of a type, and `initial` until there is one: what a server renders, and the page with it.
 * Another client or type starts over.
 *
 * @example
 * ```ts
 * const { message } = useLatest(events, "greeting", { message: "Nothing yet" });
 * ```
 *
 * @param initial what was published until now, for example; `undefined` if it is left out.
 */
export function useLatest<Events extends object, Type extends TypeOf<Events>, Initial = undefined>(
	events: EventClient<Events>,
	type: Type,
	initial?: Initial,
): DataOf<Events, Type> | Initial {
	const [latest, setLatest] = useState<{
		readonly events: EventClient<Events>;
		readonly type: Type;
		readonly data: DataOf<Events, Type>;
	}>();
	useEvent(events, type, (data) => setLatest({ events, type, data }));
	return latest?.events === events && latest.type === type ? latest.data : (initial as Initial);
}

/**
 * The state of the connection: `connecting`, `open`, `polling`, `waiting` or `closed`. On a server it is `closed`.
 *
 * @example
 * ```ts
 * const isLive = useEventState(events) === "open";
 * ```
 */
export function useEventState<Events extends object>(events: EventClient<Events>): ClientState {
	return useSyncExternalStore(events.onState, () => events.state, closed);
}

function closed(): ClientState {
	return "closed";
}
