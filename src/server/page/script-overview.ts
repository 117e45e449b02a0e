/** The part of the page's script that shows the hub's streams, channels and members to those who have the right to see them. */
export const overviewScript = `
let overview = false; // whether the reader may see it

function showOverview(may) {
	overview = may;
	$("hub").hidden = !may;
	readOverview();
}

async function readOverview() {
	if (!overview || document.hidden) return;
	if (!bearer()) return showOverview(false);
	try {
		const response = await fetch(root + "channels", {
			headers: { authorization: "Bearer " + bearer() },
			signal: AbortSignal.timeout(4000),
		});
		if (response.ok) return drawOverview(await response.json());
		// The token was refused, so it was replaced meanwhile.
		$("hub").hidden = true;
	} catch {
		// The overview is read again later, and the footer shows the hub's state.
	}
}

function drawOverview({ connections, channels: count, largest }) {
	if (!overview) return;
	$("hub").hidden = false;
	const counted = (n, what) => n.toLocaleString() + " " + what + (n === 1 ? "" : "s");
	$("hub-sum").textContent = counted(connections, "stream") + ", " + counted(count, "channel");
	const rows = largest.map(({ channel, connections, occupancy }) => {
		const row = element("tr");
		const name = element("th", "", channel);
		name.scope = "row";
		const cells = [connections, countsMembers && (occupancy ?? "–")].filter((cell) => cell !== false);
		row.append(name, ...cells.map((cell) => element("td", "", cell.toLocaleString())));
		return row;
	});
	$("hub-members").hidden = !countsMembers;
	$("hub-table").hidden = rows.length === 0;
	$("hub-channels").replaceChildren(...rows);
	const others = count - rows.length;
	$("hub-more").textContent = others > 0 ? "The largest are named. " + counted(others, "other") : "";
}

setInterval(readOverview, 2000);
document.addEventListener("visibilitychange", readOverview);
`;
