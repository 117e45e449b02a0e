/**
 * One session of W3C WebDriver, over HTTP. It has a current window, so its commands run one by one.
 *
 * @see https://www.w3.org/TR/webdriver2/
 */
export class WebDriverSession {
	readonly #url: string;
	#last: Promise<unknown> = Promise.resolve();
	#window: string | undefined;

	private constructor(url: string) {
		this.#url = url;
	}

	static async open(driver: string): Promise<WebDriverSession> {
		const body = { capabilities: {} };
		const { sessionId } = await send<{ sessionId: string }>("POST", `${driver}/session`, body);
		return new WebDriverSession(`${driver}/session/${sessionId}`);
	}

	get<T>(command: string): Promise<T> {
		return this.#inTurn(() => send<T>("GET", `${this.#url}/${command}`));
	}

	/** A command to one window. */
	inWindow<T>(handle: string, command: string, body: object = {}): Promise<T> {
		return this.#inTurn(async () => {
			await this.#select(handle);
			return send<T>("POST", `${this.#url}/${command}`, body);
		});
	}

	readInWindow<T>(handle: string, command: string): Promise<T> {
		return this.#inTurn(async () => {
			await this.#select(handle);
			return send<T>("GET", `${this.#url}/${command}`);
		});
	}

	closeWindow(handle: string): Promise<void> {
		return this.#inTurn(async () => {
			await this.#select(handle);
			this.#window = undefined;
			await send("DELETE", `${this.#url}/window`);
		});
	}

	async #select(handle: string): Promise<void> {
		if (this.#window === handle) return;
		this.#window = undefined;
		await send("POST", `${this.#url}/window`, { handle });
		this.#window = handle;
	}

	#inTurn<T>(run: () => Promise<T>): Promise<T> {
		const result = this.#last.then(run);
		this.#last = result.catch(() => undefined);
		return result;
	}
}

async function send<T>(method: string, url: string, body?: object): Promise<T> {
	const response = await fetch(url, {
		method,
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
	if (response.ok) return value;
	throw new Error(`${url}: ${value.error}: ${value.message}`);
}
