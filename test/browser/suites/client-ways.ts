import { until } from "../../support/wait.ts";
import { type Scene, when } from "../client-scene.ts";
import type { Ability, EngineTab } from "../engines/engine.ts";

/** How a tab can stop leading those that share its stream. */

interface Way {
	needs?: Ability;
	leave(tab: EngineTab, scene: Scene): Promise<unknown>;
	/** Where it comes back from there. */
	comeBack?(tab: EngineTab, scene: Scene): Promise<unknown>;
}

export const ways: Record<string, Way> = {
	"is closed": { leave: (tab) => tab.close() },
	"is killed": { needs: "killing", leave: (tab) => tab.kill() },
	"stops listening": { leave: (tab) => tab.evaluate("client.close()") },
	"is frozen, and thawed": {
		needs: "freezing",
		leave: (tab) => tab.freeze(),
		comeBack: (tab) => tab.thaw(),
	},
	"is stopped by the system, and goes on": {
		needs: "stopping",
		leave: (tab) => tab.freeze(),
		comeBack: (tab) => tab.thaw(),
	},
	"goes to the back/forward cache, and returns": {
		needs: "back/forward cache",
		leave: (tab, { url }) => tab.goto(`${url}/healthz`),
		comeBack: async (tab) => {
			await tab.goBack();
			await when(tab, "window.persisted === true");
		},
	},
	"hangs, and wakes up": {
		needs: "hanging",
		leave: async (tab, scene) => {
			const hang = 'const request = new XMLHttpRequest(); request.open("GET", "/hold", false);';
			// Answered when the test is over, or when the tab comes back.
			await tab.evaluate(`setTimeout(() => { ${hang} request.send(); }); 0`);
			await until(() => scene.holds, { what: "the page hangs" });
		},
		comeBack: async (_, scene) => scene.release(),
	},
};
