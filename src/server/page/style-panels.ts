/** The styles of the panels that need a right: the members, and the overview of the hub. */
export const panelStyle = `
.room { margin-top: .6rem; }
.room h3 { overflow-wrap: anywhere; }
.room ul { margin: .25rem 0 0; padding: 0; list-style: none; max-height: 20rem; overflow-y: auto; }
.room li { display: flex; align-items: center; gap: .2rem .75rem; padding-block: .2rem; }
.room li :is(b, .hint) { min-width: 0; overflow-wrap: anywhere; font-family: var(--mono); font-size: .85rem; }
.room li b { font-weight: 500; }
.room li .hint { flex: 1; max-height: 4rem; overflow-y: auto; }
#members-result { font-size: .9rem; overflow-wrap: anywhere; }
#members-result[data-ok="true"] { color: var(--live); }
#members-result[data-ok="false"] { color: var(--lost); }

#hub-sum { margin-top: .3rem; }
table { width: 100%; margin-top: .5rem; border-collapse: collapse; font-size: .85rem; }
th, td { padding: .2rem 0 .2rem .75rem; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 500; color: var(--muted); }
th:first-child { width: 100%; padding-left: 0; text-align: left; }
tbody th { font-family: var(--mono); color: var(--ink); overflow-wrap: anywhere; }
tbody tr { border-top: 1px solid var(--rule); }
`;
