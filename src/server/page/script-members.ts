/**
 * The part of the page's script that shows members to those who have the right to see them. It first asks the hub for
 * the rights, and sends no request that would be refused.
 */
export const membersScript = `
const MOST_ROOMS = 10; // channels whose members are shown
const MOST_ROWS = 200; // members that are listed for one channel
const countsMembers = document.body.dataset.presence !== undefined;

// The channels whose members the reader may see.
let rooms = [];

async function askRights(signal) {
	let rights = [];
	let overview = false;
	// A hub without tokens has no rights to ask for.
	if (publishing === "token" && bearer()) {
		const headers = { authorization: "Bearer " + bearer() };
		const response = await fetch(root + "rights?" + query(), { headers, signal });
		if (response.ok) ({ rights, overview } = await response.json());
	}
	showOverview(overview);
	if (!countsMembers) rights = [];
	rooms = rights.filter(({ members }) => members).slice(0, MOST_ROOMS).map(roomOf);
	$("members").hidden = rooms.length === 0;
	$("members-result").textContent = "";
	$("rooms").replaceChildren(...rooms.map(({ node }) => node));
}

function roomOf({ channel, disconnect }) {
	const node = element("div", "room");
	const count = element("span", "hint");
	const title = element("h3");
	title.append(element("b", "", channel), " ", count);
	const list = element("ul");
	// The list may scroll, so the keyboard must reach it.
	list.tabIndex = 0;
	list.setAttribute("aria-label", "Members of " + channel);
	const more = element("p", "hint");
	node.append(title, list, more);
	// While "live" is true, the stream tells of joins and leaves. Otherwise the members are read again and again.
	return { channel, disconnect, node, count, list, more, rows: new Map(), live: false };
}

// The stream tells all members, or who joined and left. Above 200 members it tells only their number.
function tell({ channel, occupancy, members, joined = [], left = [] }) {
	const room = rooms.find((each) => each.channel === channel);
	if (room === undefined) return;
	if (members !== undefined) {
		room.live = true;
		return listAll(room, members, occupancy);
	}
	if (joined.length + left.length === 0) room.live = false;
	for (const id of left) drop(room, id);
	for (const member of joined) put(room, member);
	summarize(room, occupancy);
}

function listAll(room, members, occupancy) {
	const ids = new Set(members.map(({ id }) => id));
	for (const id of [...room.rows.keys()]) if (!ids.has(id)) drop(room, id);
	for (const member of members) put(room, member);
	summarize(room, occupancy);
}

function summarize({ count, rows, more }, occupancy) {
	count.textContent = occupancy.toLocaleString() + (occupancy === 1 ? " member" : " members");
	const others = occupancy - rows.size;
	more.textContent = others > 0 ? others.toLocaleString() + " more are not shown" : "";
}

function drop({ rows }, id) {
	rows.get(id)?.remove();
	rows.delete(id);
}

// A member's row is never replaced, because its button may have the focus.
function put(room, { id, data }) {
	const { rows, list } = room;
	const text = data === undefined ? "" : JSON.stringify(data);
	const known = rows.get(id);
	if (known !== undefined) {
		known.querySelector(".hint").textContent = text;
		return;
	}
	const row = element("li");
	row.dataset.member = id;
	row.append(element("b", "", id), element("span", "hint", text));
	if (room.disconnect) {
		const button = element("button", "", "Disconnect");
		button.type = "button";
		button.setAttribute("aria-label", "Disconnect " + id + " from " + room.channel);
		button.addEventListener("click", () => disconnect(button, room.channel, id));
		row.append(button);
	}
	const next = [...list.children].find((other) => other.dataset.member > id);
	list.insertBefore(row, next ?? null);
	rows.set(id, row);
}

async function readMembers(room) {
	const search = new URLSearchParams({ name: room.channel, limit: MOST_ROWS });
	try {
		const response = await fetch(root + "channel/members?" + search, {
			headers: { authorization: "Bearer " + bearer() },
			signal: AbortSignal.timeout(4000),
		});
		if (!response.ok) return;
		const { members, occupancy } = await response.json();
		// The stream may meanwhile have told newer members.
		if (!room.live) listAll(room, members, occupancy);
	} catch {
		// The members are read again later, and the footer shows the hub's state.
	}
}

function refreshMembers() {
	if (document.hidden) return;
	for (const room of rooms) if (!room.live) readMembers(room);
}

// The stream does not tell of members, so they are read again and again.
function loseMembers() {
	for (const room of rooms) room.live = false;
	refreshMembers();
}

async function disconnect(button, channel, client) {
	button.disabled = true;
	let text;
	try {
		const response = await fetch(root + "disconnect", {
			method: "POST",
			headers: { "content-type": "application/json", authorization: "Bearer " + bearer() },
			body: JSON.stringify({ channel, client, final: true }),
			signal: AbortSignal.timeout(15_000),
		});
		const { error } = await response.json().catch(() => ({}));
		if (!response.ok) text = "Not disconnected: " + (error ?? "the hub answered " + response.status);
	} catch (error) {
		text = "Not disconnected: the hub did not answer: " + error.message;
	}
	button.disabled = false;
	$("members-result").dataset.ok = text === undefined;
	$("members-result").textContent = text ?? "Ended the streams of " + client + " on " + channel;
}

setInterval(refreshMembers, 5000);
`;
