/** The styles of the page's parts: fields, buttons, the state, and the events beside their line. */
export const componentStyle = `
h2 { font-size: 1rem; font-weight: 650; letter-spacing: -.01em; }
h3 { font-size: .85rem; font-weight: 500; color: var(--muted); }
.hint, #count { color: var(--muted); font-size: .85rem; }
label { display: block; font-size: .85rem; font-weight: 500; color: var(--muted); margin-bottom: .25rem; }
.field { min-width: 0; }
.field .hint { margin-top: .3rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
form { display: grid; gap: .8rem; margin-top: .75rem; }

input, textarea {
	width: 100%;
	/* At least 16px on a phone: below that, iOS zooms in on a field that gets focus. */
	font: 16px/1.45 var(--mono);
	color: inherit;
	background: var(--input);
	border: 1px solid var(--edge);
	border-radius: 6px;
	padding: .38rem .6rem;
}
textarea { display: block; resize: vertical; min-height: 4.5rem; max-height: 60vh; }
::placeholder { color: var(--muted); opacity: 1; }

button {
	font: inherit;
	font-size: .93rem;
	font-weight: 500;
	color: inherit;
	background: none;
	border: 1px solid var(--edge);
	border-radius: 6px;
	padding: .38rem .8rem;
	min-height: 2.45rem;
	cursor: pointer;
}
button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 8%, transparent); }
button:active:not(:disabled) { transform: translateY(1px); }
button:disabled { color: var(--muted); border-color: var(--rule); cursor: default; }
.primary { background: var(--live); border-color: var(--live); color: var(--on-live); font-weight: 600; }
.primary:hover:not(:disabled) { background: color-mix(in srgb, var(--live) 88%, var(--ink)); }
.primary[aria-busy] { cursor: progress; }
kbd { font: .78rem/1 var(--mono); margin-left: .5rem; opacity: .85; }
@media (min-width: 60rem) {
	input, textarea { font-size: 13px; }
	button { min-height: 2.2rem; }
}
@media (pointer: coarse), (max-width: 40rem) {
	button, input { min-height: 2.9rem; }
	kbd { display: none; }
}
:focus-visible { outline: 2px solid var(--live); outline-offset: 2px; }
summary { cursor: pointer; border-radius: 4px; width: fit-content; }
summary h2 { display: inline; }
form summary { color: var(--muted); font-size: .85rem; }
form details[open] summary { margin-bottom: .6rem; }
.send { display: flex; align-items: center; flex-wrap: wrap; gap: .5rem .9rem; min-height: 2.2rem; }
#publish-result { font-size: .9rem; flex: 1 1 10rem; overflow-wrap: anywhere; }
#publish-result[data-ok="true"] { color: var(--live); }
#publish-result[data-ok="false"] { color: var(--lost); }
#publish-result[data-ok="false"]::before { content: "Not published: "; font-weight: 600; }

/* Each state has a shape of its own, besides its colour and its name. */
#state { display: flex; align-items: center; gap: .55rem; min-height: 2.2rem; text-align: right; }
#state strong { font-weight: 600; color: var(--tone); }
#state-detail { color: var(--muted); font-size: .85rem; }
#state-detail:empty { display: none; }
body { --tone: var(--wait); }
body[data-state="open"] { --tone: var(--live); }
body[data-state="closed"] { --tone: var(--lost); }
#run strong { font-weight: 600; color: var(--live); }
#run[data-run="cancelled"] strong { color: var(--wait); }
#run:is([data-run="error"], [data-run="lost"]) strong { color: var(--lost); }
.lamp { width: .8rem; height: .8rem; flex: none; border-radius: 50%; border: 2px solid var(--tone); }
[data-state="connecting"] .lamp { border-right-color: transparent; animation: turn 1s linear infinite; }
[data-state="open"] .lamp { background: var(--tone); animation: pulse 3s ease-out infinite; }
[data-state="waiting"] .lamp { border-style: dashed; animation: turn 6s linear infinite; }
[data-state="closed"] .lamp { border-radius: 2px; }
@media (max-width: 30rem) {
	#state { flex-wrap: wrap; justify-content: end; row-gap: 0; }
	#state-detail { flex-basis: 100%; line-height: 1.1; }
}

/* The line beside the events: solid while the stream is open, dashed while there is no connection. */
.request, #events li { position: relative; padding-left: 1.75rem; }
.request::before, #events li::before {
	content: "";
	position: absolute;
	left: 4px;
	top: 0;
	bottom: 0;
	width: 2px;
	background: var(--rule);
}
.request { padding-block: 1rem .5rem; color: var(--muted); font-size: .85rem; overflow-wrap: anywhere; }
.request code { font-family: var(--mono); }
.request::before { top: 1.6rem; background: var(--tone); }
#events li:first-child::before { background: linear-gradient(var(--tone), var(--rule) 4rem); }
.request::after, #events li::after {
	content: "";
	position: absolute;
	left: 0;
	top: 1.25rem;
	width: 10px;
	height: 10px;
	border-radius: 50%;
	background: var(--tone);
}
body:not([data-state="open"]) :is(.request, #events li:first-child)::before {
	background: repeating-linear-gradient(var(--tone) 0 4px, transparent 4px 8px);
}
body:not([data-state="open"]) .request::after { background: var(--paper); border: 2px solid var(--tone); }
body[data-state="closed"] .request::after { border-radius: 2px; }
.paused #pause { background: var(--ink); border-color: var(--ink); color: var(--paper); }

#events li { padding-block: .7rem; animation: arrive .28s ease-out; }
#events li::after {
	top: 1.05rem;
	left: 1px;
	width: 8px;
	height: 8px;
	background: var(--paper);
	border: 2px solid var(--edge);
	animation: land 1.6s ease-out;
}
#events li:last-child::before { bottom: auto; height: 1.1rem; }
.head { display: flex; align-items: baseline; flex-wrap: wrap; gap: .15rem .75rem; font-family: var(--mono); }
.tools { padding-top: .8rem; }
.tools summary { color: var(--muted); font-size: .85rem; }
.tools .pair { margin-block: .6rem; }
.tools .replay { display: grid; grid-template-columns: 1fr auto; gap: 0 .5rem; }
.tools .replay label { grid-column: 1 / -1; }
.check { display: flex; align-items: center; gap: .5rem; padding-block: .3rem; margin: 0; }
.check input { width: 1.1rem; height: 1.1rem; min-height: 0; margin: 0; accent-color: var(--live); }
#events .note { padding-block: .2rem; color: var(--muted); font-size: .85rem; }
#events .note::after { display: none; }
#events .gap::after { background: var(--wait); border-color: var(--wait); animation: none; }
.gap strong { font-size: .85rem; font-weight: 600; color: var(--wait); }
.of { font-size: .85rem; overflow-wrap: anywhere; min-width: 0; }
.of::before { content: "in "; color: var(--muted); }
code.raw { display: none; margin-top: .4rem; font: .85rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 20rem; overflow-y: auto; color: var(--muted); }
.raw code.raw { display: block; }
.chip {
	font-size: .85rem;
	font-weight: 600;
	padding: .05rem .5rem;
	border-radius: 4px;
	max-width: 100%;
	overflow-wrap: anywhere;
	background: oklch(var(--chip-back) var(--chroma, .035) var(--hue));
	color: oklch(var(--chip-ink) calc(var(--chroma, .035) * 2.4) var(--hue));
	--hue: 160;
}
[data-type="message"] .chip { --chroma: .006; }
.id, time { font-size: .85rem; color: var(--muted); }
.id { overflow-wrap: anywhere; min-width: 0; }
.id b { font-weight: 500; color: var(--ink); }
.inherited b { color: var(--muted); }
time { margin-left: auto; font-variant-numeric: tabular-nums; }
pre { font: .93rem/1.55 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; }
.data { margin-top: .3rem; max-height: 20rem; overflow-y: auto; }
.data:empty::before { content: "empty"; color: var(--muted); font-style: italic; }
.string { color: var(--string); }
.word { color: var(--word); }

.code { position: relative; margin-top: .9rem; }
.code pre {
	background: var(--input);
	border: 1px solid var(--rule);
	border-radius: 6px;
	padding: .6rem .75rem;
	font-size: .82rem;
}
.code h3 + .copy { position: absolute; right: -.5rem; top: -.3rem; }
.code h3 { margin-bottom: .35rem; }
.copy { border-color: transparent; color: var(--live); font-size: .85rem; min-height: 0; padding: .15rem .5rem; }
#empty { padding: .75rem 0 0 1.75rem; max-width: 46rem; display: grid; gap: .5rem; }
#empty .lead { font-size: 1.2rem; font-weight: 600; letter-spacing: -.01em; }
#empty .code { margin: 0; }
#empty .copy { position: absolute; right: .35rem; top: .35rem; background: var(--input); }
#empty pre { padding-right: 4.5rem; }
.noscript { padding: var(--gap); }

@keyframes turn { to { rotate: 1turn; } }
@keyframes pulse {
	from { box-shadow: 0 0 0 0 color-mix(in srgb, var(--tone) 45%, transparent); }
	45%, to { box-shadow: 0 0 0 .5rem transparent; }
}
@keyframes arrive { from { opacity: 0; transform: translateY(-.4rem); } }
@keyframes land { from { background: var(--live); border-color: var(--live); } }
@media (prefers-reduced-motion: reduce) {
	*, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
	.lamp, .request::after, #events li::after { forced-color-adjust: none; }
}
`;
