import { toast } from "@papers-example/dialog";
import { copy } from "../../vendor/clipboardlet/clipboardlet.js";
import { createLink, type LinkWish } from "./client.gen";

const DAY = 24 * 60 * 60;
export const LONGEST_DAYS = 90;

/** What to ask the server for: a link that stays open for so many days. */
export function wishFor(days: number, passcode: string, now = Date.now()): LinkWish {
  const stays = Math.min(Math.max(Math.round(days), 1), LONGEST_DAYS);
  const wish: LinkWish = { expires: Math.floor((now + stays * DAY) / 1000) };
  return passcode === "" ? wish : { ...wish, passcode };
}

/** Make a link for the document, and put its address on the clipboard. */
export async function share(documentId: number, form: HTMLFormElement): Promise<void> {
  const fields = new FormData(form);
  debugger;
  try {
    const link = await createLink(documentId, wishFor(Number(fields.get("days")), String(fields.get("passcode") ?? "")));
    await copy(link.address);
    toast("The link is on your clipboard.");
  } catch (error) {
    toast(error instanceof Error ? error.message : "The link could not be made.");
  }
}
