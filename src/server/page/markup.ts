/** The live page's HTML. Its script and the browser tests find elements by their ids. */
export const markup = `<header>
	<h1>
		<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="currentColor">
			<rect x="4" y="6" width="2" height="18" rx="1" opacity=".45"/>
			<circle cx="5" cy="5" r="4"/>
			<rect x="11" y="3.5" width="12" height="3" rx="1.5"/>
			<rect x="11" y="11" width="9" height="3" rx="1.5" opacity=".75"/>
			<rect x="11" y="18.5" width="6" height="3" rx="1.5" opacity=".5"/>
		</svg>
		edge-sse
	</h1>
	<div class="field channel">
		<label for="channel">Channel</label>
		<input id="channel" value="sse" placeholder="sse" title="Several channels: a, b, c"
			autocomplete="off" autocapitalize="none" spellcheck="false" enterkeyhint="go">
	</div>
	<button id="toggle" type="button">Disconnect</button>
	<p id="state" role="status" data-state="connecting">
		<span class="lamp" aria-hidden="true"></span>
		<strong id="state-text">Connecting</strong>
		<span id="state-detail"></span>
	</p>
</header>

<main>
	<div class="side">
		<section aria-labelledby="publish-title">
			<h2 id="publish-title">Publish</h2>
			<form id="publish-form" autocomplete="off">
				<div class="field">
					<label for="data">Data</label>
					<textarea id="data" rows="3" spellcheck="false" autocapitalize="none"
						aria-describedby="data-kind">{ "message": "Hello!" }</textarea>
					<p id="data-kind" class="hint"></p>
				</div>
				<div class="pair">
					<div class="field">
						<label for="type">Type</label>
						<input id="type" value="greeting" placeholder="message" autocapitalize="none"
							spellcheck="false">
					</div>
					<div class="field">
						<label for="to">To channel</label>
						<input id="to" list="channels" value="sse" autocapitalize="none"
							spellcheck="false">
						<datalist id="channels"></datalist>
					</div>
				</div>
				<details>
					<summary>More: id and retry</summary>
					<div class="pair">
						<div class="field">
							<label for="id">Id</label>
							<input id="id" placeholder="none" autocapitalize="none"
								spellcheck="false">
						</div>
						<div class="field">
							<label for="retry">Retry, in ms</label>
							<input id="retry" placeholder="none" inputmode="numeric">
						</div>
					</div>
				</details>
				<div class="field" id="token-field" hidden>
					<label for="token">Publish token</label>
					<input id="token" type="password" autocomplete="off" aria-describedby="token-hint">
					<p id="token-hint" class="hint">When the hub starts, it prints the address of this page with
						the token in it: open that address. Or put the token here; where
						<code>SSE_PUBLISH_TOKEN</code> is set, it is that. This tab alone keeps it.</p>
				</div>
				<p class="hint" id="publish-off" hidden>Publishing over HTTP is off. To switch it on, start the
					hub with <code>SSE_PUBLISH_TOKEN</code>.</p>
				<div class="send">
					<button id="publish" class="primary">Publish <kbd id="keys">Ctrl ⏎</kbd></button>
					<output id="publish-result"></output>
				</div>
			</form>
		</section>

		<section id="members" aria-labelledby="members-title" hidden>
			<h2 id="members-title">Members</h2>
			<div id="rooms"></div>
			<output id="members-result"></output>
		</section>

		<section id="hub" aria-labelledby="hub-title" hidden>
			<h2 id="hub-title">Hub</h2>
			<p id="hub-sum" class="hint"></p>
			<table id="hub-table">
				<thead><tr><th scope="col">Channel</th><th scope="col">Streams</th>
					<th scope="col" id="hub-members">Members</th></tr></thead>
				<tbody id="hub-channels"></tbody>
			</table>
			<p id="hub-more" class="hint"></p>
		</section>

		<section aria-labelledby="use-title">
			<details id="use">
				<summary><h2 id="use-title">Use this stream</h2></summary>
				<div class="code">
					<h3>In your page</h3>
					<button class="copy" type="button" data-copy="snippet-page"
						aria-label="Copy the script for your page">Copy</button>
					<pre id="snippet-page"></pre>
				</div>
				<div class="code">
					<h3>Listen in a terminal</h3>
					<button class="copy" type="button" data-copy="snippet-listen"
						aria-label="Copy the command that listens">Copy</button>
					<pre id="snippet-listen"></pre>
				</div>
				<div class="code">
					<h3>Publish from a terminal</h3>
					<button class="copy" type="button" data-copy="snippet-publish"
						aria-label="Copy the command that publishes">Copy</button>
					<pre id="snippet-publish"></pre>
				</div>
			</details>
		</section>
	</div>

	<section class="stream" aria-labelledby="events-title">
		<div class="bar">
			<h2 id="events-title">Events</h2>
			<p id="count"></p>
			<button id="pause" type="button">Pause</button>
			<button id="clear" type="button">Clear</button>
		</div>
		<div class="wire">
			<details class="tools">
				<summary>Filter, raw lines, replay</summary>
				<div class="pair">
					<div class="field">
						<label for="filter">Only with this text</label>
						<input id="filter" type="search" placeholder="type, id, channel or data" autocapitalize="none"
							spellcheck="false">
					</div>
					<div class="field replay">
						<label for="from">Replay after the id</label>
						<input id="from" placeholder="0: all that is kept" autocapitalize="none" spellcheck="false">
						<button id="replay" type="button">Replay</button>
					</div>
				</div>
				<label class="check"><input id="notes" type="checkbox"> Comments, keep-alives and retries</label>
				<label class="check"><input id="raw" type="checkbox"> Raw lines beside each event</label>
			</details>
			<div class="request"><span class="unseen">Listening to </span><code id="request"></code><span id="again"></span>
				<p id="run" role="status" hidden>Run: <strong id="run-text"></strong></p></div>
			<p id="said" class="unseen" role="status"></p>
			<ol id="events" aria-labelledby="events-title"></ol>
			<div id="empty">
				<p class="lead" id="lead">No events yet.</p>
				<p>Press <b>Publish</b>, or send the first event from a terminal:</p>
				<div class="code">
					<button class="copy" type="button" data-copy="first"
						aria-label="Copy the command that sends the first event">Copy</button>
					<pre id="first"></pre>
				</div>
				<p class="hint">This page shows events of every type. An EventSource hears a named event only
					where it listens for that name.</p>
			</div>
		</div>
	</section>
</main>

<footer>
	<p>Hub: <span id="health">…</span></p>
</footer>
<noscript><p class="noscript">This page needs JavaScript to listen. The stream itself does not:
<code>curl -N</code> its address.</p></noscript>`;
