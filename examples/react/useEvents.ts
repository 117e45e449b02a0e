import type { DataOf, EventClient, TypeOf } from "edge-sse/client";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";

/** Calls back with each event of this type while the component is mounted. */
export function useEvent<Events extends object, Type extends TypeOf<Events>>(
	client: EventClient<Events>,
	type: Type,
	listener: (data: DataOf<Events, Type>) => void,
): void {
	const onEvent = useEffectEvent(listener);
	useEffect(() => client.on(type, (data) => onEvent(data)), [client, type]);
}

/** Where the stream is: connecting, open, waiting or closed. */
export function useClientState<Events extends object>(client: EventClient<Events>) {
	return useSyncExternalStore(
		client.onState,
		() => client.state,
		() => "closed" as const,
	);
}
