/**
 * The hub's live page: one HTML document that loads nothing else. It is a string in a module, so that every runtime can
 * serve it without reading files and without a build step, Workers included.
 *
 * Its content security policy is `default-src 'none'`, with a nonce for its one style and one script. So it has no inline
 * handlers, no style attributes and no outside assets. It shows parts of events through `textContent` only.
 */

import { markup } from "./page/markup.ts";
import { connectionScript } from "./page/script-connection.ts";
import { eventsScript } from "./page/script-events.ts";
import { membersScript } from "./page/script-members.ts";
import { overviewScript } from "./page/script-overview.ts";
import { publishScript } from "./page/script-publish.ts";
import { rowsScript } from "./page/script-rows.ts";
import { snippetsScript } from "./page/script-snippets.ts";
import { streamScript } from "./page/script-stream.ts";
import { tokenScript } from "./page/script-token.ts";
import { componentStyle } from "./page/style-components.ts";
import { layoutStyle } from "./page/style-layout.ts";
import { panelStyle } from "./page/style-panels.ts";
import type { Publishing } from "./publishing.ts";

/** The whole document. The nonce must be the one in the response's content-security-policy. */
export function page(options: {
	nonce: string;
	publishing: Publishing["by"];
	/** The prefix of the channels of runs. Undefined: the hub streams no runs. */
	runs: string | undefined;
	/** Whether members are counted. */
	presence: boolean;
}): string {
	// Only base64, in either alphabet. Other characters could end the attribute.
	if (!/^[\w+/=-]+$/.test(options.nonce)) throw new TypeError("The nonce is not base64");
	const runs = options.runs === undefined ? "" : ` data-runs="${attribute(options.runs)}"`;
	const presence = options.presence ? " data-presence" : "";
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f1f3ef" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#0d1110" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">
<title>edge-sse hub</title>
<style nonce="${options.nonce}">${layoutStyle}${componentStyle}${panelStyle}</style>
</head>
<body data-state="connecting" data-publishing="${options.publishing}"${runs}${presence}>
${markup}
<script type="module" nonce="${options.nonce}">${script}</script>
</body>
</html>
`;
}

const attribute = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

// The parts make one module script. They share its scope, and run in this order.
const script = [
	...[snippetsScript, tokenScript, rowsScript, eventsScript],
	...[overviewScript, membersScript, streamScript, connectionScript, publishScript],
].join("");
