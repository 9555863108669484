const LONGEST = 60;

/** A title that fits on one line of the list. */
export function shortTitle(title: string): string {
  const line = title.replace(/\s+/g, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
