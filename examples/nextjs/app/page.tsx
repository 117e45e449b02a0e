"use client";

import { useEffect, useState } from "react";

export default function Page() {
	const [messages, setMessages] = useState<string[]>([]);
	useEffect(() => {
		const events = new EventSource("/stream");
		events.addEventListener("greeting", ({ data }) =>
			setMessages((before) => [...before, JSON.parse(data).message]),
		);
		return () => events.close();
	}, []);
	return <pre>{messages.join("\n")}</pre>;
}
