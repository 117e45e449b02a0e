/** The page's colours and its panes: stacked on a phone, two panes and a status line when wide. */
export const layoutStyle = `
:root {
	color-scheme: light dark;
	--ground: #f1f3ef;
	--paper: #fbfcfa;
	--input: #ffffff;
	--ink: #17201c;
	--muted: #57625c;
	--rule: #dde1db;
	--edge: #7f8a84;
	--live: #08705a;
	--on-live: #ffffff;
	--wait: #8a5600;
	--lost: #b3261e;
	--string: #0b6b57;
	--word: #8a4b08;
	--chip-back: 94%;
	--chip-ink: 38%;
	--mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, monospace;
	--gap: 1.25rem;
	font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif;
}
@media (prefers-color-scheme: dark) {
	:root {
		--ground: #0d1110;
		--paper: #131917;
		--input: #0d1110;
		--ink: #e3e9e5;
		--muted: #99a59e;
		--rule: #262e2a;
		--edge: #67736c;
		--live: #52d6ad;
		--on-live: #05241b;
		--wait: #f0b950;
		--lost: #ff9185;
		--string: #7edcbd;
		--word: #f0bb80;
		--chip-back: 27%;
		--chip-ink: 88%;
	}
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
body, h1, h2, h3, p, pre, ol { margin: 0; }
ol { padding: 0; list-style: none; }
body {
	background: var(--ground);
	color: var(--ink);
	min-height: 100dvh;
	display: flex;
	flex-direction: column;
}
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

header {
	display: grid;
	grid-template:
		"brand state state" auto
		"channel channel toggle" auto / auto 1fr auto;
	gap: .8rem;
	align-items: end;
	padding: .9rem var(--gap) 1rem;
	border-bottom: 1px solid var(--rule);
}
h1 {
	grid-area: brand;
	display: flex;
	align-items: center;
	gap: .6rem;
	font: 600 1.05rem/1 var(--mono);
	letter-spacing: -.02em;
	min-height: 2rem;
	white-space: nowrap;
}
h1 svg { color: var(--live); flex: none; }
header .channel { grid-area: channel; }
#toggle { grid-area: toggle; min-width: 7rem; }
#state { grid-area: state; place-self: center end; }

main { flex: 1; display: flex; flex-direction: column; min-width: 0; }
.side > section { padding: 1.1rem var(--gap); border-bottom: 1px solid var(--rule); }
.stream { background: var(--paper); flex: 1; display: flex; flex-direction: column; min-width: 0; }
.bar {
	display: flex;
	align-items: center;
	gap: .5rem;
	padding: .7rem var(--gap);
	border-bottom: 1px solid var(--rule);
	background: var(--paper);
	position: sticky;
	top: 0;
	z-index: 1;
}
.bar #count { flex: 1; min-width: 0; }
.wire { padding: 0 var(--gap) 1.5rem; flex: 1; }
footer {
	padding: .5rem var(--gap);
	border-top: 1px solid var(--rule);
	color: var(--muted);
	font: .8rem/1.4 var(--mono);
}

@media (min-width: 60rem) {
	:root { font-size: 14px; --gap: 1.5rem; }
	header {
		grid-template: "brand channel toggle state" auto / auto minmax(14rem, 30rem) auto 1fr;
		gap: 1rem;
		padding-block: .8rem .9rem;
	}
	h1 { padding-right: 1.5rem; }
	#state { align-self: end; }
	main { display: grid; grid-template-columns: minmax(24rem, 33rem) minmax(0, 1.6fr); }
	.side { border-right: 1px solid var(--rule); }
	.side > section:last-child { border-bottom: 0; }
}
/* Here the panes scroll by themselves, so the form stays in view beside a long list. */
@media (min-width: 60rem) and (min-height: 36rem) {
	body { height: 100dvh; }
	main { min-height: 0; }
	.side, .wire { overflow-y: auto; min-height: 0; }
	.stream { min-height: 0; }
}
`;
