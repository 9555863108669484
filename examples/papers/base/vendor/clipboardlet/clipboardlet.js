/* clipboardlet 1.0.2, kept here because it is not published anywhere. */
export async function copy(text) {
  await navigator.clipboard.writeText(text);
}
