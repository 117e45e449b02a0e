import { perDocument } from "./given-documents.ts";
import { everywhere } from "./given-shared.ts";
import { perSource } from "./given-sources.ts";

/**
 * Declarations that the documents' snippets need, so that the documents stay plain Markdown. A snippet's own
 * names and imports go first. A name that is in neither place does not compile.
 */

/** The declarations that one document's snippets are compiled with. */
export function givenTo(document: string): string {
	return everywhere + (perDocument[document] ?? "");
}

/** The declarations that the examples in a source file's comments are compiled with. */
export function givenToSource(file: string): string {
	const secret = file.startsWith("src/auth") ? "declare const secret: string;" : "";
	return everywhere + secret + (perSource[file] ?? "");
}

/** The names that are declared for a document and used by none of its snippets. */
export function unused(document: string, code: string): string[] {
	const declared = (perDocument[document] ?? "").matchAll(
		/^\t*declare (?:const|let|function) (\w+)/gm,
	);
	return [...declared].map(([, name = ""]) => name).filter((name) => !mentions(code, name));
}

export const documentsWithGiven: string[] = Object.keys(perDocument);

function mentions(code: string, name: string): boolean {
	return new RegExp(`\\b${name}\\b`).test(code);
}
