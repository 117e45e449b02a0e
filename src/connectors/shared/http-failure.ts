import { ConnectorError } from "../../core/errors.ts";

/** The error of a request or body that failed. Where the signal ended it, the error is the signal's reason. */
export function failure(message: string, cause: unknown, signal: AbortSignal): ConnectorError {
	if (signal.reason instanceof ConnectorError) return signal.reason;
	return cause instanceof ConnectorError
		? cause
		: new ConnectorError("unavailable", message, { cause });
}

/** Whether the same request may succeed later. Every other 4xx is final. */
export function isTemporary(status: number): boolean {
	return status >= 500 || status === 408 || status === 425 || status === 429;
}
