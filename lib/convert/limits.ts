/** How much of other programs' configurations is read: more than any that people keep, and all of it within seconds. */

/** Files that one import reads, included ones among them. */
export const maxImportedFiles: number = 1000;
/** Octets in all of them. */
export const maxImportedBytes: number = 8 * 1024 * 1024;
/** A file that is included by one that is included, and so on. */
export const maxImportDepth: number = 8;
/** Sections in sections: strongSwan itself has six. */
export const maxSectionDepth: number = 64;
/** Sections that one inherits from, directly or not. */
export const maxInheritedSections: number = 64;
/** Connections, and children of all of them. */
export const maxImportedParts: number = 10_000;
