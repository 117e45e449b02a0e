import type { SubscriptionHandlers } from "../../core/connector.ts";

type Call = (this: SubscriptionHandlers, ...args: unknown[]) => void;

/**
 * Calls one handler of a subscription. Its exception must not reach another subscription, the
 * publisher or the broker's client. A handler that throws is a bug of its owner, who finds it
 * on the console.
 */
export function callHandler<Name extends keyof SubscriptionHandlers>(
	handlers: SubscriptionHandlers,
	name: Name,
	...args: Parameters<NonNullable<SubscriptionHandlers[Name]>>
): void {
	try {
		(handlers[name] as Call | undefined)?.call(handlers, ...args);
	} catch (error) {
		console.error(`edge-sse: a subscription's ${name} threw.`, error);
	}
}
