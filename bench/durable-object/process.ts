import { readdirSync, readFileSync } from "node:fs";

/** The CPU time, the memory and the descriptors of a process, as the kernel counts them. */
export function usage(pid: number): { cpuSeconds: number; bytes: number; descriptors: number } {
	// The name is in brackets, and may contain any character. utime and stime are the 12th and 13th fields after it.
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
		.replace(/^.*\) /s, "")
		.split(" ");
	const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
	return {
		cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
		bytes: Number(resident) * 1_024,
		descriptors: readdirSync(`/proc/${pid}/fd`).length,
	};
}

/** The isolate's heap, read by workerd's inspector. It includes garbage, which cannot be collected on demand. */
export async function heapBytes(inspector: string): Promise<number> {
	const response = await fetch(`http://${inspector}/json`);
	const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
	if (target === undefined) throw new Error("workerd's inspector names no isolate.");
	const socket = new WebSocket(target.webSocketDebuggerUrl);
	const answer = await new Promise<string>((resolve, reject) => {
		socket.addEventListener("open", () => {
			socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
		});
		socket.addEventListener("message", ({ data }) => resolve(String(data)));
		socket.addEventListener("error", () => reject(new Error("workerd's inspector is gone.")));
	});
	socket.close();
	const { result } = JSON.parse(answer) as { result: Record<string, number> };
	const { usedSize = 0, embedderHeapUsedSize = 0, backingStorageSize = 0 } = result;
	return usedSize + embedderHeapUsedSize + backingStorageSize;
}
