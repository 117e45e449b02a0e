import { describe } from "vitest";
import type { Broker } from "./scene.ts";
import { batches } from "./suite/batches.ts";
import { crowds, insideTheHub } from "./suite/crowds.ts";
import { gaps } from "./suite/gaps.ts";
import { publishing } from "./suite/publishing.ts";
import { reading } from "./suite/reading.ts";
import { resuming } from "./suite/resuming.ts";
import { severalChannels } from "./suite/several-channels.ts";
import { slowClients } from "./suite/slow-clients.ts";
import { starting } from "./suite/starting.ts";

/**
 * What a client may rely on when it comes back, on every broker that keeps messages. The broker may be started
 * in a `beforeAll`: it is only used inside tests.
 */
export function resumeSuite(name: string, broker: Broker): void {
	describe(`resume: ${name}`, () => {
		describe("publishing", () => publishing(broker));
		describe("batches", () => batches(broker));
		describe("coming back", () => resuming(broker));
		describe("several channels", () => severalChannels(broker));
		describe("reading without a stream", () => reading(broker));
		describe("beginning", () => starting(broker));
		describe("gaps", () => gaps(broker));
		describe("crowds and attackers", () => crowds(broker));
		// Some things only the process that makes the streams can see. They are checked where it is this
		// process.
		if (broker.reports !== undefined) return;
		describe("slow clients", () => slowClients(broker));
		describe("many in one process at once", () => insideTheHub(broker));
	});
}
