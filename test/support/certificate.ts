import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
	/** Path of the certificate, which is also its own authority. */
	cert: string;
	/** Path of the private key. */
	key: string;
	/** The certificate's text, for a client's `ca` option. */
	pem: string;
}

/** Makes a certificate for localhost and 127.0.0.1 with openssl, in the directory. */
export function selfSigned(directory: string): Certificate {
	const cert = join(directory, "cert.pem");
	const key = join(directory, "key.pem");
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
	execFileSync(
		"openssl",
		["req", "-x509", ...curve, ...names, "-days", "2", "-keyout", key, "-out", cert],
		{ stdio: "pipe" },
	);
	return { cert, key, pem: readFileSync(cert, "utf8") };
}
