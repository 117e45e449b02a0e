import { access } from "./variable-table/access.ts";
import { broker } from "./variable-table/broker.ts";
import { delivery } from "./variable-table/delivery.ts";
import { operation } from "./variable-table/operation.ts";
import type { Variable } from "./variable-table/variable.ts";

export type { Variable } from "./variable-table/variable.ts";

/** All variables that the hub reads. */
export const variables: readonly Variable[] = [
	{ name: "HOST", default: "127.0.0.1", meaning: "The address to listen on" },
	{ name: "PORT", default: "8787", meaning: "The port; 0: the system chooses" },
	...broker,
	...access,
	...delivery,
	...operation,
];
