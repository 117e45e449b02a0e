/** How many bytes a request may have: enough for the names of 10,000 channels, or for 1,000 messages. */
const mostBytes = 8_388_608;

/** A request's body. Undefined: it is too large. No more than the limit is read of it. */
export async function boundedText(request: Request): Promise<string | undefined> {
	if (request.body === null) return "";
	const reader = request.body.getReader();
	const decoder = new TextDecoder();
	let text = "";
	let size = 0;
	for (let part = await reader.read(); !part.done; part = await reader.read()) {
		size += part.value.length;
		if (size > mostBytes) {
			await reader.cancel();
			return undefined;
		}
		text += decoder.decode(part.value, { stream: true });
	}
	return text + decoder.decode();
}
