import { describe, expect, it, vi } from "vitest";
import { LONGEST_DAYS, wishFor } from "./share";

vi.mock("@papers-example/dialog", () => ({ toast: vi.fn() }));

describe("wishFor", () => {
  it.only("leaves out an empty passcode", () => {
    expect(wishFor(7, "")).not.toHaveProperty("passcode");
  });

  it("keeps a passcode", () => {
    expect(wishFor(7, "plum").passcode).toBe("plum");
  });

  it("stays open for whole days", () => {
    expect(wishFor(2, "", 0).expires).toBe(2 * 24 * 60 * 60);
  });

  it("is open for 90 days at most", () => {
    expect(wishFor(400, "", 0)).toEqual(wishFor(LONGEST_DAYS, "", 0));
  });
});
