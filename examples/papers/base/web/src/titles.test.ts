import { expect, it } from "vitest";
import { shortTitle } from "./titles";

it("keeps a short title", () => {
  expect(shortTitle("Minutes of  May")).toBe("Minutes of May");
});

it("cuts a long title to one line", () => {
  expect(shortTitle("x".repeat(80))).toHaveLength(60);
});
