import { beforeEach, onTestFinished } from "vitest";
import {
	type PollingOptions,
	polling,
	type UpstashSettings,
	upstash,
} from "../../src/connectors/upstash.ts";
import type { ConnectorError } from "../../src/core/errors.ts";
import { Recorder } from "../../src/testing.ts";
import { useUpstash } from "../support/upstash-fixture.ts";

/** Upstash for the tests of a file, and what they do with it. */
export function usePolling() {
	const fixture = useUpstash();
	beforeEach(() => fixture.gateway.faultless());
	const refuse = (status = 400) =>
		fixture.gateway.fault({ to: "subscribe", status, error: "ERR no SUBSCRIBE" });
	const subscribes = () =>
		fixture.gateway.requests.filter(({ path }) => path.startsWith("/subscribe/")).length;
	const connect = (options: PollingOptions = {}, settings: UpstashSettings = {}) => {
		const connector = upstash({
			url: fixture.gateway.url,
			token: fixture.gateway.token,
			timeout: 5_000,
			maxBackoff: 20,
			history: {},
			fallback: polling({ interval: 10, maxInterval: 10, ...options }),
			...settings,
		});
		onTestFinished(() => connector.close());
		return connector;
	};
	return { fixture, refuse, subscribes, connect };
}

let channels = 0;
export const newChannel = () => `fallback.${++channels}`;

/** Records what a subscription is told, also that it is polled. */
export class Listener extends Recorder {
	readonly degraded: ConnectorError[] = [];
	readonly onDegraded = (error: ConnectorError): void => void this.degraded.push(error);
}
