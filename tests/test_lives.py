"""Lives of pull requests: what is posted over all their pushes, and that nothing is said twice or kept back.

Each life stands in `tests/lives/` as a page that a person can read; `python -m tests.test_lives` writes them anew.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.posting import Obstacle
from bot.errors import Transient
from tests import shop
from tests.chronicle import is_write, told
from tests.fakes.github import LOGIN
from tests.fakes.github_posts import ReviewComment
from tests.fakes.messages import USAGE
from tests.life import AUTHOR, STRANGER, WRITER, Life
from tests.pictures import plain_png
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Says

PAGES = CHECKOUT / "tests" / "lives"
REVIEWS, GRAPHQL = r"/pulls/7/reviews$", r"/graphql$"
LIVES: dict[str, Callable[[Life], None]] = {}


def lived(story: Callable[[Life], None]) -> Callable[[Path], None]:
    """A life as a test: it is played, and what was posted is what its page says."""
    name = story.__name__.removeprefix("test_")
    LIVES[name] = story

    def test(tmp_path: Path) -> None:
        page = PAGES / f"{name}.md"
        assert page.read_text(encoding="utf-8") == played(name, tmp_path), "run python -m tests.test_lives"

    test.__name__, test.__doc__ = story.__name__, story.__doc__
    return test


def played(name: str, folder: Path) -> str:
    """The page of a life, from playing it."""
    story = LIVES[name]
    with Life(name, folder) as life:
        story(life)
        return life.page(" ".join((story.__doc__ or "").split()))


OPENED = {"shop/cart.py": shop.CART, "shop/prices.py": shop.PRICES}
REPHRASED = "Redeeming twice gives money away"


def _opened(life: Life, *findings: Says) -> None:
    """The pull request as most lives begin: two files, reviewed once."""
    life.push(OPENED, "Redeem coupons")
    life.finds(*findings or (shop.COUPON, shop.TAX))
    life.review()


def _ordinary(life: Life) -> None:
    """What a re-review may cost GitHub: 8 requests to know, 3 to post, the look at what was posted included."""
    before, writes, whole = life.reads_and_writes()
    assert (before <= 8, writes <= 3, whole - before <= 3) == (True, True, True), (before, writes, whole)


def _kinds(life: Life) -> list[str]:
    """What the latest review wrote, request by request."""
    return [f"{each.method} {each.path.rpartition('/')[2]}" for each in life.requests if is_write(each)]


def _touched(text: str) -> str:
    """Other lines in the hunk of the coupon, and the same line of it."""
    return text.replace("this coupon was used", "each coupon counts once")


@lived
def test_images(life: Life) -> None:
    """An image is looked at once for each of its versions: what was said of it stands until it is changed."""
    grey = Says("logo.png", "", "The logo is a grey box", scenario="The page is opened: the visitor sees a grey box.")
    life.push({"shop/cart.py": shop.CART, "logo.png": plain_png(60, 40)}, "Redeem coupons under a logo")
    life.finds(shop.COUPON, grey)
    life.review()
    assert [each["path"] for part in life.asked for each in part.get("images", ())] == ["logo.png"]
    life.push({"shop/prices.py": shop.PRICES}, "Compute prices")
    life.review()
    assert not any("images" in part for part in life.asked)
    assert grey.title in life.summary.body
    life.push({"logo.png": plain_png(80, 50)}, "Draw the logo")
    life.finds(shop.COUPON)
    life.review()
    assert [part.keys() for part in life.asked] == [{"images"}]
    assert "No longer in the diff: 1" in life.summary.body


@lived
def test_append(life: Life) -> None:
    """A commit in another file has only its own lines read, and what was said stands."""
    _opened(life)
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.review()
    assert life.shown() == [("shop/mail.py", 1)]
    assert not any("standing" in part for part in life.asked)
    _ordinary(life)


@lived
def test_amend(life: Life) -> None:
    """An amended hunk is read again, with what was said of it; that it still stands is not said again."""
    _opened(life)
    life.amend({"shop/cart.py": _touched(shop.CART)})
    life.review()
    assert life.shown() == [("shop/cart.py", 1)]
    assert [row["title"] for part in life.asked for row in part["standing"]] == [shop.COUPON.title]
    assert _kinds(life) == ["PATCH " + str(life.summary.id)]
    _ordinary(life)


@lived
def test_rebase_without_change(life: Life) -> None:
    """A rebase that leaves the change as it was has nothing read again."""
    _opened(life)
    life.base_moves({"README.md": "# Shop\n\nSells many things.\n"}, "Say more")
    life.git.git("rebase", "--quiet", "main")
    life.pushed("rebases")
    life.review()
    assert life.asked == []
    _ordinary(life)


@lived
def test_rebase_with_change(life: Life) -> None:
    """A rebase that changes the lines around a finding has those read again; the finding stands where its code is."""
    _opened(life)
    above = (
        shop.BASE["shop/cart.py"]
        .replace("import", "import")
        .replace("        del self.lines[article]", "        self.lines.pop(article, None)")
    )
    life.base_moves({"shop/cart.py": above.replace("class Cart:", "# Not for threads.\nclass Cart:")}, "Be lenient")
    life.git.git("rebase", "--quiet", "main")
    life.pushed("rebases")
    life.review()
    assert life.shown() == [("shop/cart.py", 1)]
    assert "shop/cart.py:21" in life.summary.body
    _ordinary(life)


@lived
def test_squash(life: Life) -> None:
    """Commits pressed into one leave the change as it was: nothing is read again."""
    _opened(life)
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.review()
    life.git.git("reset", "--quiet", "--soft", "main")
    life.git.git("commit", "--quiet", "--message", "Redeem coupons, write letters")
    life.pushed("squashes")
    life.review()
    assert life.asked == []
    _ordinary(life)


@lived
def test_rename(life: Life) -> None:
    """A finding goes along with its file when that gets another name."""
    _opened(life)
    life.git.git("mv", "shop/cart.py", "shop/basket.py")
    life.finds(replace(shop.COUPON, path="shop/basket.py"), shop.TAX)
    life.push({}, "Call it a basket")
    life.review()
    assert life.shown() == [("shop/basket.py", 1)]
    assert "shop/basket.py:20" in life.summary.body


MENDED = "        self.discount = min(100, self.discount + coupon.percent)"


def _fixed(life: Life) -> None:
    life.words[shop.COUPON.title] = ("fixed", MENDED)
    life.finds(shop.TAX)
    life.push({"shop/cart.py": shop.CART.replace(shop.COUPON.quote, MENDED)}, "Keep it below 100")
    life.review()


@lived
def test_fix(life: Life) -> None:
    """What was mended is said to be fixed where it was said, its thread is resolved, and that is all, once."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    _fixed(life)
    head = life.pull.head_sha[:7]
    assert life.comment_on(shop.COUPON).body.startswith(f"**Fixed in {head}**")
    assert life.pull.resolutions == {life.comment_on(shop.COUPON).id: LOGIN}
    assert len(life.pull.review_comments) == 2
    _ordinary(life)
    told_then = life.summary.body
    life.review()
    assert life.summary.body == told_then
    assert _kinds(life) == ["PATCH " + str(life.summary.id)]


@lived
def test_fix_and_new(life: Life) -> None:
    """A push that mends one thing and breaks another takes two writes: the comment, and all else in one."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    life.words[shop.COUPON.title] = ("fixed", MENDED)
    life.finds(shop.TAX, shop.NAME)
    mended = shop.CART.replace(shop.COUPON.quote, MENDED)
    life.push({"shop/cart.py": mended, "shop/mail.py": shop.MAIL}, "Keep it below 100, write letters")
    done = life.review()
    assert done.posted
    assert (done.posted.comments, done.posted.mended) == (1, 1)
    assert life.reads_and_writes() == (6, 2, 9)
    _ordinary(life)


@lived
def test_fix_without_permission(life: Life) -> None:
    """Without the right to resolve a thread, the comment alone says that it is fixed; nobody is told of a problem."""
    _opened(life)
    _fixed(life)
    assert life.comment_on(shop.COUPON).body.startswith("**Fixed in ")
    assert life.pull.resolutions == {}


@lived
def test_revert_of_a_fix(life: Life) -> None:
    """A defect that comes back stands in its old comment again, in a thread that is open again."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    _fixed(life)
    life.words.clear()
    life.finds(shop.COUPON, shop.TAX)
    life.push({"shop/cart.py": shop.CART}, "Revert")
    life.review()
    assert not life.comment_on(shop.COUPON).body.startswith("**Fixed")
    assert life.pull.resolutions == {}
    assert len(life.pull.review_comments) == 2


@lived
def test_base_moved(life: Life) -> None:
    """A base branch that goes on by itself changes nothing."""
    _opened(life)
    life.base_moves({"shop/mail.py": "SERVER = 'mail'\n"}, "Name a server")
    life.review()
    assert life.asked == []


def _reworded(life: Life) -> None:
    """A push beside the finding; the model says the same in other words, whatever it was told."""
    other = replace(shop.COUPON, title=REPHRASED, category="data", severity="medium", body="Nothing bounds the sum.")
    life.same(shop.COUPON, other)
    life.finds(other, shop.TAX)
    life.repeats = True
    life.push({"shop/cart.py": _touched(shop.CART)}, "Say it better")
    life.review()


@lived
def test_dismissed_by_resolving(life: Life) -> None:
    """A thread that a person resolved ends its finding, in whatever words the model finds it again."""
    _opened(life)
    life.pull.resolve(life.comment_on(shop.COUPON), AUTHOR)
    life.say(f"{AUTHOR} resolves the thread on the coupon")
    life.unwanted.add(shop.COUPON.title)
    _reworded(life)
    assert "Dismissed: 1" in life.summary.body
    assert REPHRASED not in told(life.summary.body)


@lived
def test_dismissed_by_a_thumbs_down(life: Life) -> None:
    """A thumbs-down of somebody who may write ends a finding."""
    _opened(life)
    life.pull.react(life.comment_on(shop.COUPON), WRITER, "THUMBS_DOWN")
    life.say(f"{WRITER}, who may write, gives it a thumbs-down")
    life.unwanted.add(shop.COUPON.title)
    _reworded(life)
    assert shop.COUPON.title not in told(life.summary.body)
    _ordinary(life)


@lived
def test_thumbs_down_of_a_stranger(life: Life) -> None:
    """A thumbs-down of somebody who may not write dismisses nothing."""
    _opened(life)
    life.pull.react(life.comment_on(shop.COUPON), STRANGER, "THUMBS_DOWN")
    life.say(f"{STRANGER}, who may not write, gives it a thumbs-down")
    _reworded(life)
    assert shop.COUPON.title in told(life.summary.body)


@lived
def test_dismissed_by_command(life: Life) -> None:
    """`/dismiss` in a thread ends its finding; the author's, who may not write here, is named as that."""
    _opened(life)
    life.pull.reply(life.comment_on(shop.COUPON), AUTHOR, "/dismiss we only ever print one")
    life.say(f"{AUTHOR} answers `/dismiss we only ever print one`")
    life.unwanted.add(shop.COUPON.title)
    _reworded(life)
    assert shop.COUPON.title not in told(life.summary.body)
    assert "who may not write here" in life.summary.body


@lived
def test_answered_by_a_person(life: Life) -> None:
    """Where a person had the last word a thread is not resolved, and it is answered once that it is fixed."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    life.pull.reply(life.comment_on(shop.COUPON), AUTHOR, "Good catch, I'll look into it.")
    life.say(f"{AUTHOR} answers in the thread on the coupon")
    _fixed(life)
    assert life.pull.resolutions == {}
    assert len(life.pull.thread(life.comment_on(shop.COUPON).thread).comments) == 3
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert len(life.pull.thread(life.comment_on(shop.COUPON).thread).comments) == 3


@lived
def test_same_defect_elsewhere(life: Life) -> None:
    """A dismissed finding keeps none of its class quiet in another place."""
    life.push({"shop/mail.py": shop.MAIL.partition("\n\n\ndef remind")[0] + "\n"}, "Write letters")
    life.finds(shop.NAME)
    life.review()
    life.pull.resolve(life.comment_on(shop.NAME), AUTHOR)
    life.say(f"{AUTHOR} resolves the thread")
    life.unwanted.add(shop.NAME.title)
    life.finds(shop.NAME, shop.REMINDER)
    life.repeats = True
    life.push({"shop/mail.py": shop.MAIL}, "Remind customers")
    life.review()
    assert life.comment_on(shop.REMINDER).line == 13


@lived
def test_race_of_the_same(life: Life) -> None:
    """Of two reviews at once that say the same, one stands, with one summary."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX)
    life.github.fail_next("POST", REVIEWS, status=502)
    life.paused.append(life.reviewed)
    life.say("while GitHub fails to take the first review's comments, a second one is run from beginning to end")
    life.review()
    assert len(life.pull.review_comments) == 2
    assert life.summary.body
    life.review()
    assert life.asked == []


@lived
def test_race_of_others(life: Life) -> None:
    """Of two reviews at once the later does not repeat what the other said in other words, and says the rest."""
    life.push(OPENED, "Redeem coupons")
    other = replace(shop.COUPON, title=REPHRASED, category="data", severity="medium")
    life.same(shop.COUPON, other)
    life.finds(shop.COUPON, shop.TAX)
    life.github.fail_next("POST", REVIEWS, status=502)

    def second() -> None:
        life.finds(other)
        life.reviewed()

    life.paused.append(second)
    life.say("while GitHub fails to take the first review's comments, a second one says the same in other words")
    life.review()
    _are_told(life, REPHRASED, shop.TAX.title)
    life.finds(other, shop.TAX)
    life.push({"shop/cart.py": _touched(shop.CART)}, "Say it better")
    life.review()
    _are_told(life, REPHRASED, shop.TAX.title)


def _are_told(life: Life, *titles: str) -> None:
    """These findings have a comment each, and one row each in the summary; no other has."""
    comments = [each.body for each in life.pull.review_comments]
    rows = [line for line in life.summary.body.split("\n") if "](" in line]
    assert [sum(title in body for body in comments) for title in titles] == [1] * len(titles)
    assert [sum(title in row for row in rows) for title in titles] == [1] * len(titles)
    assert (len(comments), len(rows)) == (len(titles), len(titles))


@lived
def test_race_seen_in_time(life: Life) -> None:
    """What another review said while this one was reading is not said again, in other words either."""
    life.push(OPENED, "Redeem coupons")
    other = replace(shop.COUPON, title=REPHRASED, category="data", severity="medium")
    life.same(shop.COUPON, other)
    life.finds(shop.COUPON, shop.TAX)

    def second() -> None:
        life.finds(other)
        life.reviewed()

    life.meanwhile.append(lambda: life.github.fail_next("POST", GRAPHQL, status=502))
    life.paused.append(second)
    life.say("while the first review waits to look at the page, a second one says the same in other words")
    life.review()
    _are_told(life, REPHRASED, shop.TAX.title)
    life.review()
    assert life.asked == []
    _are_told(life, REPHRASED, shop.TAX.title)


def test_race_in_parallel(tmp_path: Path) -> None:
    """Two reviews that run at the same time, as it comes, leave each finding once, and one summary."""
    with Life("race", tmp_path) as life:
        life.push(OPENED, "Redeem coupons")
        life.finds(shop.COUPON, shop.TAX)
        with ThreadPoolExecutor(2) as both:
            runs = [both.submit(life.reviewed) for _ in range(2)]
            assert all(run.result().posted for run in runs)
        assert len(life.pull.review_comments) == 2
        assert life.summary.body


@lived
def test_head_moved(life: Life) -> None:
    """What was read at a head that is not the present one any more is not posted; the next review says it."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.meanwhile.append(lambda: life.push({"shop/mail.py": shop.MAIL}, "Write letters"))
    done = life.review()
    assert done.posted
    assert done.posted.obstacle is Obstacle.SUPERSEDED
    assert _kinds(life) == []
    life.review()
    assert len(life.pull.review_comments) == 3


@lived
def test_stored_but_not_answered(life: Life) -> None:
    """What GitHub stored before it failed is found, and not posted again: comments, summary, words in a thread."""
    life.github.add_token(life.github.token, contents=True)
    life.github.fail_next("POST", REVIEWS, status=502, after=True)
    life.github.fail_next("POST", r"/issues/7/comments$", status=502, after=True)
    life.say("GitHub stores the comments, and the summary, and answers 502 both times")
    _opened(life)
    assert (len(life.pull.review_comments), len(life.pull.reviews)) == (2, 1)
    life.pull.reply(life.comment_on(shop.COUPON), AUTHOR, "Good catch, I'll look into it.")
    life.meanwhile.append(lambda: life.github.after_next("POST", GRAPHQL, lambda: _lose_the_next(life)))
    life.say("GitHub carries out what is done to the thread, and answers 502")
    _fixed(life)
    assert len(life.pull.thread(life.comment_on(shop.COUPON).thread).comments) == 3
    assert life.summary.body


def _lose_the_next(life: Life) -> None:
    life.github.fail_next("POST", GRAPHQL, status=502, after=True)


LIMITED = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


def _slowed(life: Life, path: str, seconds: int, times: int = 1, method: str = "POST") -> None:
    headers = {"retry-after": str(seconds)}
    life.github.fail_next(method, path, status=403, headers=headers, body=LIMITED, times=times)


@lived
def test_secondary_limit(life: Life) -> None:
    """A limit that passes within a minute is waited for; a longer one puts off what is left. Nothing is repeated."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX)
    _slowed(life, REVIEWS, 20)
    life.say("GitHub asks to wait 20 seconds")
    life.review()
    assert life.waits == [20]
    life.finds(shop.COUPON, shop.TAX, shop.NAME, shop.REMINDER)
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.meanwhile.append(lambda: life.github.after_next("POST", REVIEWS, lambda: _halt_summary(life)))
    life.say("GitHub takes the comments, then asks to wait 300 seconds")
    done = life.review()
    assert done.posted
    assert not done.posted.whole
    assert life.waits == [20]
    assert len(life.pull.review_comments) == 4
    life.review()
    assert len(life.pull.review_comments) == 4
    assert shop.REMINDER.title in life.summary.body


def _halt_summary(life: Life) -> None:
    life.github.fail_next("PATCH", r"/issues/comments/", status=403, headers={"retry-after": "300"}, body=LIMITED)


@lived
def test_primary_limit(life: Life) -> None:
    """With too few requests left to post a review, none is begun: it is postponed, and that is said."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX)
    life.github.remaining = 9
    with pytest.raises(Transient, match=r"allows only 9 more requests .*postponed"):
        life.review()
    assert (life.asked, _kinds(life)) == ([], [])
    life.github.remaining = None
    life.meanwhile.append(lambda: _spend(life))
    life.say("others use up the limit while it is read")
    done = life.review()
    assert (done.posted and done.posted.whole, _kinds(life)) == (False, [])
    life.github.remaining = None
    life.review()
    assert len(life.pull.review_comments) == 2


def _spend(life: Life) -> None:
    life.github.remaining = 2


@lived
def test_check_run(life: Life) -> None:
    """The check run ends as the review did; one that a killed run left open is closed by the next review."""
    life.policy("fail_on: high\n")
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX)
    life.options["check"] = True
    life.review()
    assert [(run.status, run.conclusion) for run in life.pull.check_runs] == [("completed", "failure")]
    life.pull.resolve(life.comment_on(shop.COUPON), WRITER)
    life.pull.resolve(life.comment_on(shop.TAX), WRITER)
    life.say(f"{WRITER} resolves both threads")
    life.unwanted |= {shop.COUPON.title, shop.TAX.title}
    life.review()
    assert life.pull.check_runs[-1].conclusion == "success"


@lived
def test_without_the_permission_for_checks(life: Life) -> None:
    """Without the right to make check runs the commit gets a status, and without that one nothing: never a failure."""
    life.policy("fail_on: critical\n")
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON)
    life.options["check"] = True
    life.github.add_token(life.github.token, checks=False)
    life.say("the token may not make check runs")
    done = life.review()
    assert (done.check_problem, [each.state for each in life.pull.statuses]) == ("", ["pending", "success"])
    life.github.add_token(life.github.token, checks=False, statuses=False)
    life.say("the token may not make statuses either")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    done = life.review()
    assert (done.check_problem, done.posted and done.posted.whole) == ("", True)


@lived
def test_closed_while_running(life: Life) -> None:
    """Nothing is posted on a pull request that was closed meanwhile."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON)
    life.meanwhile.append(life.pull.close)
    done = life.review()
    assert done.posted
    assert done.posted.obstacle is Obstacle.CLOSED
    assert _kinds(life) == []


@lived
def test_summary_deleted(life: Life) -> None:
    """Without its summary a review reads everything again, says so, and repeats nothing."""
    _opened(life)
    life.pull.delete(life.summary)
    life.say(f"{WRITER} deletes the summary")
    life.repeats = True
    life.review()
    assert life.shown() == [("shop/cart.py", 1), ("shop/prices.py", 2)]
    assert "Everything was read again: the summary of the review before is gone" in life.summary.body


@lived
def test_summary_deleted_late(life: Life) -> None:
    """Without its summary, what was fixed or dismissed is known by the marks in comments, and by their threads."""
    life.github.add_token(life.github.token, contents=True)
    life.push({**OPENED, "shop/mail.py": shop.MAIL}, "Redeem coupons, write letters")
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.review()
    life.pull.resolve(life.comment_on(shop.NAME), AUTHOR)
    life.unwanted.add(shop.NAME.title)
    life.say(f"{AUTHOR} resolves the thread on the name")
    life.words[shop.COUPON.title] = ("fixed", MENDED)
    life.finds(shop.TAX, shop.NAME)
    life.push({"shop/cart.py": shop.CART.replace(shop.COUPON.quote, MENDED)}, "Keep it below 100")
    life.review()
    life.pull.delete(life.summary)
    life.say(f"{WRITER} deletes the summary")
    life.repeats = True
    life.review()
    assert len(life.pull.review_comments) == 3
    assert life.comment_on(shop.COUPON).body.startswith("**Fixed in ")
    assert [shop.NAME.title in told(life.summary.body), "Dismissed: 1" in life.summary.body] == [False, True]


@lived
def test_opened_again(life: Life) -> None:
    """A finding whose thread a person opens again counts again, and is not said again."""
    _opened(life)
    life.pull.resolve(life.comment_on(shop.COUPON), AUTHOR)
    life.unwanted.add(shop.COUPON.title)
    life.say(f"{AUTHOR} resolves the thread on the coupon")
    life.review()
    assert "Dismissed: 1" in life.summary.body
    life.pull.unresolve(life.comment_on(shop.COUPON))
    life.unwanted.clear()
    life.say(f"{WRITER} opens it again")
    life.review()
    assert shop.COUPON.title in told(life.summary.body)
    assert life.asked == []


@lived
def test_failed_part(life: Life) -> None:
    """What stood in a part that failed is neither fixed nor gone, and only that part is read by the next review."""
    life.set(PLUMBLINE_CHUNK_TOKENS="1000")
    life.push({**OPENED, "shop/mail.py": shop.MAIL + LONG}, "Redeem coupons, write letters")
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.review()
    life.finds(shop.TAX, shop.NAME)
    life.failing = "shop/cart.py"
    life.say("the model cannot be asked about `shop/cart.py`")
    mended = shop.CART.replace(shop.COUPON.quote, MENDED)
    life.push({"shop/cart.py": mended, "shop/mail.py": shop.MAIL + LONG.replace("Hello", "Welcome")}, "Mend it")
    done = life.review()
    assert done.review.outcome.ending == "partial"
    assert not life.comment_on(shop.COUPON).body.startswith("**Fixed")
    assert shop.COUPON.title in told(life.summary.body)
    life.failing = ""
    life.words[shop.COUPON.title] = ("fixed", MENDED)
    life.review()
    assert [path for path, _ in life.shown()] == ["shop/cart.py"]
    assert life.comment_on(shop.COUPON).body.startswith("**Fixed in ")


LONG = "".join(
    f"\n\ndef letter_{at}(customer):\n    send(customer.address, 'Letter {at}', 'Hello')\n" for at in range(40)
)


@lived
def test_without_a_line(life: Life) -> None:
    """A finding without a line stays in the summary as long as its file is changed, whatever else is read."""
    lost = replace(shop.TAX, title="Nothing checks the country", changes={"quote": "country = request.country"})
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, lost)
    life.review()
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert lost.title in told(life.summary.body)
    life.push({"shop/prices.py": shop.BASE["shop/prices.py"]}, "Leave prices alone")
    life.review()
    assert lost.title not in told(life.summary.body)


@lived
def test_comment_deleted(life: Life) -> None:
    """A comment that a person took away ends its finding."""
    _opened(life)
    life.pull.delete(life.comment_on(shop.COUPON))
    life.say(f"{WRITER} deletes the comment on the coupon")
    life.unwanted.add(shop.COUPON.title)
    _reworded(life)
    assert "Dismissed: 1" in life.summary.body


@lived
def test_mark_broken(life: Life) -> None:
    """A state that somebody broke is not built upon: everything is read again, which is said, and nothing repeated."""
    _opened(life)
    life.summary.body = re.sub(r"(?<=<!-- plumbline:2 )....", "AAAA", life.summary.body)
    life.say(f"{WRITER} edits the summary, and its mark with it")
    life.repeats = True
    life.review()
    assert "Everything was read again: the mark of the review before is broken" in life.summary.body
    assert len(life.shown()) == 2


@lived
def test_mark_of_an_impostor(life: Life) -> None:
    """Marks that others copied say nothing: neither a state nor a finding of theirs is believed or touched."""
    _opened(life)
    body, comment = life.summary.body, life.comment_on(shop.COUPON).body
    life.pull.delete(life.summary)
    life.pull.comment(STRANGER, body)
    copied = life.pull.remark(STRANGER, "shop/prices.py", 20, comment.replace("coupons", "countries"))
    life.say(f"the summary is gone, {STRANGER} posts a copy of it, and a copy of a comment's mark on another line")
    life.finds(shop.COUPON, shop.TAX, shop.COUNTRY)
    life.review()
    assert len(life.shown()) == 2
    assert life.comment_on(shop.COUNTRY).line == copied.line
    assert [each.body for each in life.pull.issue_comments if each.author == STRANGER] == [body]


@lived
def test_mark_of_another_key(life: Life) -> None:
    """A state that was signed with another key is not built upon."""
    life.set(PLUMBLINE_STATE_KEY="the first key of an installation")
    _opened(life)
    life.review()
    assert life.asked == []
    life.set(PLUMBLINE_STATE_KEY="another key of an installation")
    life.say("the installation gets another key")
    life.repeats = True
    life.review()
    assert len(life.shown()) == 2
    assert "not signed with the key of this installation" in life.summary.body


@lived
def test_asked_otherwise(life: Life) -> None:
    """What was read under other prompts, or for another policy, is read again, and nothing is repeated."""
    _opened(life)
    life.policy("instructions:\n  - paths: shop/\n    text: Prices are in cents.\n")
    life.repeats = True
    life.review()
    assert len(life.shown()) == 2
    assert "what the repository asks of reviews, changed since" in life.summary.body


@lived
def test_file_reverted(life: Life) -> None:
    """A finding whose file left the diff is out of date; its thread is left alone."""
    life.github.add_token(life.github.token, contents=True)
    life.push({**OPENED, "shop/mail.py": shop.MAIL}, "Redeem coupons, write letters")
    life.finds(shop.COUPON, shop.NAME)
    life.review()
    said = life.comment_on(shop.NAME).body
    life.push({"shop/mail.py": None}, "Write no letters")
    life.review()
    assert life.comment_on(shop.NAME).body == said
    assert life.pull.resolutions == {}
    assert "No longer in the diff: 1" in life.summary.body


SEVEN = (
    shop.COUPON,
    shop.TAX,
    shop.COUNTRY,
    shop.REMINDER,
    Says("shop/cart.py", "        if coupon.used:", "A coupon is taken without a lock", severity="medium"),
    Says("shop/cart.py", "        coupon.used = True", "A failed order uses up the coupon", severity="low"),
    Says("shop/prices.py", "def gross(net, country):", "Callers of gross() pass one argument", severity="medium"),
)


@lived
def test_one_of_seven_refused(life: Life) -> None:
    """Of seven comments of which GitHub refuses one, six are posted; the seventh stands in the summary."""
    life.push({**OPENED, "shop/mail.py": shop.MAIL}, "Redeem coupons, write letters")
    life.finds(*SEVEN)
    life.meanwhile.append(lambda: life.pull.withheld.add("shop/mail.py"))
    life.say("GitHub stops showing the diff of `shop/mail.py`")
    done = life.review()
    assert done.posted
    assert (done.posted.comments, len(done.posted.problems)) == (6, 1)
    assert sum(kind == "POST reviews" for kind in _kinds(life)) <= 7
    assert "In full: 1 finding" in life.summary.body
    life.review()
    assert _kinds(life) == ["PATCH " + str(life.summary.id)]


@lived
def test_draft(life: Life) -> None:
    """A draft is not reviewed of its own accord; where a summary stands it says that newer commits were not read."""
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON)
    life.options["automatic"] = True
    life.pull.draft = True
    life.say("it is a draft")
    life.review()
    assert (life.asked, _kinds(life)) == ([], [])
    life.pull.draft = False
    life.say("it is ready")
    life.review()
    life.pull.draft = True
    life.say("it is a draft again")
    life.review()
    assert _kinds(life) == []
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.review()
    assert life.asked == []
    assert "are not reviewed:** draft" in life.summary.body
    life.pull.draft = False
    life.say("it is ready")
    life.review()
    assert life.shown() == [("shop/mail.py", 1)]
    assert "not reviewed" not in life.summary.body


@lived
def test_paused(life: Life) -> None:
    """After so many pushes without a sign of a person reviews pause, and say so; a word of a person lets them go on."""
    life.policy("pause_after: 2\n")
    life.options["automatic"] = True
    _opened(life)
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.review()
    assert life.asked == []
    assert "paused after 2 pushes" in life.summary.body
    life.pull.comment(AUTHOR, "Go on, please.")
    life.say(f"{AUTHOR} comments")
    life.review()
    assert life.shown() == [("shop/mail.py", 1)]
    assert "paused" not in life.summary.body


@lived
def test_budget_spent(life: Life) -> None:
    """When what a pull request may cost is spent it is not reviewed any more, which its summary says."""
    life.policy("budget:\n  pull_request: 0.30\n")
    life.usage = {**USAGE, "input_tokens": 100_000}
    _opened(life)
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.review()
    assert life.asked == []
    assert "the budget of $0.30 for this pull request is spent" in life.summary.body


@lived
def test_policy_with_faults(life: Life) -> None:
    """A key that nobody knows is told in the summary, with what was meant; the rest of the file holds."""
    life.policy("seveirty: high\nmax_comments: 1\n")
    _opened(life)
    assert "did you mean `severity`" in life.summary.body
    assert len(life.pull.review_comments) == 1


@lived
def test_policy_proposed(life: Life) -> None:
    """A policy that the pull request brings in is checked, not applied."""
    life.options["automatic"] = True
    life.push({**OPENED, ".github/plumbline.yml": "enabled: false\nmax_coments: 0\n"}, "Switch reviews off")
    life.finds(shop.COUPON)
    life.review()
    assert len(life.pull.review_comments) == 1
    assert "takes effect once it is merged (`enabled`)" in life.summary.body
    assert "did you mean `max_comments`" in life.summary.body


@lived
def test_describe(life: Life) -> None:
    """An empty description is filled in where the policy asks for it; a person's words are left alone."""
    life.policy("describe: true\n")
    life.push(OPENED, "Redeem coupons")
    life.pull.body = None
    life.finds(shop.COUPON)
    life.review()
    assert "there was no description" in (life.pull.body or "")
    life.pull.body = "Coupons, as customers asked for."
    life.say(f"{AUTHOR} describes it")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert life.pull.body == "Coupons, as customers asked for."


RATES = Says(
    "shop/prices.py",
    "    rate = RATES[country]",
    "The new rates are a hundred times too high",
    severity="critical",
    body="`data/rates.csv` holds percents, the code takes shares.",
    scenario="somebody buys an article, they pay twenty times its price",
    confidence=0.9,
    changes={"path": "data/rates.csv", "quote": "DE;19"},
)


@lived
def test_file_without_lines(life: Life) -> None:
    """A critical finding in a file whose diff GitHub withholds is said on the file, and not again at the next push."""
    life.push({**OPENED, "data/rates.csv": "DE;19\n" * 30}, "Redeem coupons")
    life.pull.withheld.add("data/rates.csv")
    life.finds(shop.COUPON, RATES)
    life.github.fail_next("GET", r"/pulls/7$", accept="diff", status=406)
    life.say("GitHub does not give the diff as one, and withholds that of `data/rates.csv`")
    life.review()
    assert life.comment_on(RATES).line is None
    life.github.fail_next("GET", r"/pulls/7$", accept="diff", status=406)
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert RATES.title in told(life.summary.body)


@lived
def test_clean(life: Life) -> None:
    """`clean` removes all that was posted, and nothing of anybody else; a review afterwards begins anew."""
    _opened(life)
    life.pull.comment(AUTHOR, "Thanks.")
    life.pull.remark(STRANGER, "shop/cart.py", 20, "What about this?")
    life.pull.reply(life.comment_on(shop.COUPON), AUTHOR, "Good catch.")
    life.say(f"{AUTHOR} and {STRANGER} comment")
    _fixed(life)
    life.cleaned()
    assert [each.author for each in life.pull.review_comments] == [STRANGER, AUTHOR]
    assert [each.author for each in life.pull.issue_comments] == [AUTHOR]
    life.review()
    assert len(life.shown()) == 2


@lived
def test_waited_before_the_summary(life: Life) -> None:
    """Who had to wait looks again: a review is not written over that of a newer commit."""
    _opened(life)
    life.push({"shop/cart.py": _touched(shop.CART)}, "Say it better")
    unplaced = replace(shop.NAME, severity="medium", changes={"quote": "no such line"})

    def second() -> None:
        life.finds(shop.COUPON, shop.TAX, unplaced)
        life.push({"shop/mail.py": shop.MAIL}, "Write letters")
        life.reviewed()

    _slowed(life, r"/issues/comments/", 50, method="PATCH")
    life.paused.append(second)
    life.say("GitHub asks to wait 50 seconds; meanwhile a commit is pushed and reviewed")
    done = life.review()
    assert done.posted
    assert done.posted.obstacle is Obstacle.SUPERSEDED
    assert unplaced.title in told(life.summary.body)


@lived
def test_race_for_the_summary(life: Life) -> None:
    """Of two first reviews one summary stands, and it tells what either found, with a line or without."""
    life.push(OPENED, "Redeem coupons")
    ours = replace(shop.COUNTRY, changes={"quote": "no such line at all"})
    quote, title = "def gross(net, country):", "Callers pass one argument"
    theirs = replace(shop.COUNTRY, quote=quote, title=title, changes={"quote": "nor this one"})
    life.finds(shop.COUPON, shop.TAX, ours)
    _slowed(life, r"/issues/7/comments$", 50)

    def second() -> None:
        life.finds(shop.COUPON, shop.TAX, theirs)
        life.reviewed()

    life.paused.append(second)
    life.say("while the first review waits to write its summary, a second one is run, and finds another thing")
    life.review()
    assert len(life.pull.review_comments) == 2
    assert all(title in told(life.summary.body) for title in (ours.title, theirs.title))
    life.review()
    assert life.asked == []
    assert all(title in told(life.summary.body) for title in (ours.title, theirs.title))


@lived
def test_race_at_another_head(life: Life) -> None:
    """What another review said at an earlier commit is told in its words, and where the code stands now."""
    old = life.push(OPENED, "Redeem coupons")
    other = replace(shop.COUPON, title=REPHRASED, category="data", severity="medium")
    life.same(shop.COUPON, other)
    life.finds(shop.COUPON, shop.TAX)
    moved = shop.CART.replace("class Cart:", "# One\n# Two\n# Three\nclass Cart:")
    new = life.push({"shop/cart.py": moved}, "Describe it")

    def second() -> None:
        life.pull.head_sha = old
        life.finds(other)
        life.reviewed()
        life.pull.head_sha = new

    life.meanwhile.append(lambda: life.github.fail_next("POST", GRAPHQL, status=502))
    life.paused.append(second)
    life.say("while the first review waits to look at the page, a second one of the commit before ends")
    life.review()
    line = 1 + moved.split("\n").index(shop.COUPON.quote)
    (row,) = [row for row in life.summary.body.split("\n") if REPHRASED in row]
    assert f"shop/cart.py:{line}" in row


@lived
def test_overtaken_again_and_again(life: Life) -> None:
    """What reviews cost that were overtaken counts against the pull request's budget, too."""
    life.set(PLUMBLINE_MAX_COST_PULL_REQUEST_USD="0.30")
    life.usage = {**USAGE, "input_tokens": 100_000}
    life.finds(shop.COUPON)
    life.push(OPENED, "Redeem coupons")
    life.meanwhile.append(lambda: life.push({"README.md": "# The shop\n"}, "Rename it"))
    life.review()
    assert len(life.asked) == 1
    life.review()
    assert life.asked == []
    assert "the budget of $0.30 for this pull request is spent" in life.summary.body


@lived
def test_gated_beside_a_trusted_summary(life: Life) -> None:
    """What another account handed on is handed on by a run, too, that was kept from reviewing."""
    life.usage = {**USAGE, "input_tokens": 100_000}
    _opened(life)
    life.pull.delete(life.comment_on(shop.COUPON))
    life.say(f"{WRITER} deletes the comment on the coupon")
    life.unwanted.add(shop.COUPON.title)
    life.review()
    life.github.add_token("another", login="another-plumbline[bot]")
    life.set(GITHUB_TOKEN="another", PLUMBLINE_TRUSTED_AUTHORS=LOGIN, PLUMBLINE_MAX_COST_PULL_REQUEST_USD="0.01")
    life.say("another installation takes over, which trusts the first, and may spend a cent")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert life.asked == []
    assert any("is spent" in each.body for each in life.pull.issue_comments)
    life.set(PLUMBLINE_MAX_COST_PULL_REQUEST_USD="10")
    life.repeats = True
    life.say("it may spend ten dollars")
    life.review()
    assert life.shown() == [("README.md", 1)]
    assert len(life.pull.review_comments) == 1


@lived
def test_dismissed_trifle(life: Life) -> None:
    """A dismissed trifle does not keep quiet what comes beside it and is worse."""
    trifle = replace(shop.COUPON, severity="low", title="The discount is not rounded")
    _opened(life, trifle, shop.TAX)
    life.pull.resolve(life.comment_on(trifle), WRITER)
    life.say(f"{WRITER} resolves the thread on the rounding")
    life.unwanted.add(trifle.title)
    line = "        self.lines = eval(coupon.extra)"
    hole = Says("shop/cart.py", line, "Anybody can run code through a coupon", severity="critical")
    used = "        coupon.used = True\n"
    life.push({"shop/cart.py": shop.CART.replace(used, f"{used}{line}\n")}, "Extras")
    life.finds(hole, shop.TAX)
    life.review()
    assert life.comment_on(hole).line == 22


@lived
def test_new_file_renamed(life: Life) -> None:
    """A file that is new gets another name: what was said of it goes along, what was dismissed stays dismissed."""
    life.push({"shop/mail.py": shop.MAIL}, "Write letters")
    life.finds(shop.NAME, shop.REMINDER)
    life.review()
    life.pull.resolve(life.comment_on(shop.NAME), WRITER)
    life.say(f"{WRITER} resolves the thread on the name")
    life.unwanted.add(shop.NAME.title)
    life.git.git("mv", "shop/mail.py", "shop/letters.py")
    life.finds(*(replace(each, path="shop/letters.py") for each in (shop.NAME, shop.REMINDER)))
    life.repeats = True
    life.push({}, "Call them letters")
    life.review()
    assert life.shown() == [("shop/letters.py", 1)]
    assert "shop/letters.py:13" in life.summary.body
    assert shop.NAME.title not in told(life.summary.body)


@lived
def test_without_a_line_in_other_quotes(life: Life) -> None:
    """A critical finding that no line can be proven for is said on its file once, whatever is quoted for it."""
    life.push(OPENED, "Redeem coupons")
    life.repeats = True
    for at, quote in enumerate(("x = request.country", "country = request.country", "")):
        life.finds(replace(shop.TAX, title="Nothing checks the country", changes={"quote": quote}))
        if at:
            rate = f"rate = RATES[country]  # {at}"
            life.push({"shop/prices.py": shop.PRICES.replace("rate = RATES[country]", rate)}, f"Comment {at}")
        life.review()
    assert [each.line for each in life.pull.review_comments] == [None]


@lived
def test_fixed_by_other_words(life: Life) -> None:
    """The flagged line is as it was, and what changed beside it is no mend: the model's word alone fixes nothing."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    life.words[shop.COUPON.title] = ("fixed", "")
    life.finds(shop.TAX)
    life.push({"shop/cart.py": _touched(shop.CART)}, "Say it better")
    life.review()
    assert life.pull.resolutions == {}
    assert shop.COUPON.title in told(life.summary.body)


@lived
def test_file_does_not_parse(life: Life) -> None:
    """An analyzer that cannot parse a file says nothing of its other findings: they are not fixed by that."""
    life.github.add_token(life.github.token, contents=True)
    name = Says("", "        notify(coupon)", "Undefined name `notify`")
    syntax = Says("", "def broken(:", "The file does not parse")
    life.finds(name, syntax)
    code = shop.CART.replace("        coupon.used = True\n", "        coupon.used = True\n        notify(coupon)\n")
    with contextlib.chdir(life.git.root):
        life.push({"shop/cart.py": code}, "Notify")
        life.review()
        life.push({"shop/cart.py": f"{code}\n\ndef broken(:\n    pass\n"}, "Begin another")
        life.review()
        assert life.pull.resolutions == {}
        life.push({"shop/cart.py": code}, "Take it back")
        life.review()
    assert life.pull.resolutions == {life.comment_on(syntax).id: LOGIN}


@lived
def test_hunk_pasted_again(life: Life) -> None:
    """Lines that stand in the change already, and come once more into a file of equal parts, are read."""
    part = "- name: a\n  cpu: 1\n  mem: 2\n  disk: 3\n  net: 4\n  zone: 5\n"
    pasted = part.replace("  mem: 2\n", "  mem: 2\n  password: admin\n")
    life.git.git("checkout", "--quiet", "main")
    life.git.commit({"machines.yml": part * 4}, "Four machines")
    life.git.git("checkout", "--quiet", "-B", "feature")
    life.finds(Says("machines.yml", "  password: admin", "Everybody knows the password"))
    life.push({"machines.yml": pasted + part * 3}, "A password")
    life.review()
    life.push({"machines.yml": pasted + part + pasted + part}, "Another")
    life.review()
    assert life.shown() == [("machines.yml", 2)]
    life.review()
    assert life.shown() == []


@lived
def test_written_over(life: Life) -> None:
    """What somebody writes into our comments dismisses nothing, and a line above the summary does not hide it."""
    life.options["check"] = True
    life.policy("fail_on: high\n")
    _opened(life, shop.COUPON, shop.TAX, shop.COUNTRY)
    life.pull.delete(life.comment_on(shop.COUNTRY))
    life.unwanted.add(shop.COUNTRY.title)
    life.say(f"{WRITER} deletes the comment on the country")
    life.review()
    life.comment_on(shop.COUPON).body += "\n\nEdit: see #12"
    life.comment_on(shop.TAX).body = "(off-topic)"
    life.summary.body = f"**Ready for review**\n\n{life.summary.body}"
    life.say(f"{WRITER} adds a line to one comment, writes over another, and puts a line above the summary")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.repeats = True
    life.review()
    assert [life.pull.check_runs[-1].conclusion, "Dismissed: 1" in life.summary.body] == ["failure", True]
    assert [each.title in told(life.summary.body) for each in (shop.COUPON, shop.TAX)] == [True, True]
    assert len(life.pull.review_comments) == 2


@lived
def test_trust_withdrawn(life: Life) -> None:
    """Findings of an account that is not believed any more stand as they did: their comments were not deleted."""
    _opened(life)
    life.github.add_token("another", login="other[bot]")
    life.set(GITHUB_TOKEN="another", PLUMBLINE_TRUSTED_AUTHORS=LOGIN)
    life.say("another App takes over, and trusts the first one")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.reviewed()
    life.set(PLUMBLINE_TRUSTED_AUTHORS="")
    life.say("it is told not to trust it any more")
    life.push({"README.md": "# Our shop\n"}, "Rename it again")
    life.reviewed()
    (own,) = [each.body for each in life.pull.issue_comments if each.author != LOGIN]
    assert [each.title in told(own) for each in (shop.COUPON, shop.TAX)] == [True, True]
    assert "Dismissed" not in own
    assert len(life.pull.review_comments) == 2


@lived
def test_fix_opened_again(life: Life) -> None:
    """A person who opens the thread of a fixed finding again does not think that it is fixed: it stands again."""
    life.github.add_token(life.github.token, contents=True)
    _opened(life)
    _fixed(life)
    life.pull.unresolve(life.comment_on(shop.COUPON))
    life.say(f"{WRITER} opens the thread on the coupon again")
    life.review()
    assert shop.COUPON.title in told(life.summary.body).partition("<details><summary>Fixed")[0]
    assert not life.comment_on(shop.COUPON).body.startswith("**Fixed")


@lived
def test_revert_of_a_closed_fix(life: Life) -> None:
    """The author resolves what is fixed, as we may not; when it comes back that dismisses nothing, at no later push."""
    _opened(life)
    _fixed(life)
    life.pull.resolve(life.comment_on(shop.COUPON), AUTHOR)
    life.say(f"{AUTHOR} resolves the thread on the coupon")
    life.words.clear()
    life.finds(shop.COUPON, shop.TAX)
    life.push({"shop/cart.py": shop.CART}, "Revert")
    life.review()
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert shop.COUPON.title in told(life.summary.body)
    assert "Dismissed" not in life.summary.body


@lived
def test_with_a_persons_own_token(life: Life) -> None:
    """Who runs Plumbline with their own token is heard as a person, and their last word in a thread is theirs."""
    life.github.add_token(life.github.token, login=WRITER)
    life.push(OPENED, "Redeem coupons")
    life.finds(shop.COUPON, shop.TAX, shop.COUNTRY)
    life.reviewed()
    comments = {each.title: _of_writer(life, each) for each in (shop.COUPON, shop.TAX, shop.COUNTRY)}
    life.pull.reply(comments[shop.COUPON.title], WRITER, "/dismiss we only ever print one")
    life.pull.resolve(comments[shop.TAX.title], WRITER)
    life.pull.react(comments[shop.COUNTRY.title], WRITER, "THUMBS_DOWN")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.reviewed()
    (own,) = [each.body for each in life.pull.issue_comments]
    assert "Dismissed: 3" in own


def _of_writer(life: Life, finding: Says) -> ReviewComment:
    return next(each for each in life.pull.review_comments if finding.title in each.body)


@lived
def test_signs_out_of_sight(life: Life) -> None:
    """A dismissal counts on where others bury its sign, GitHub does not tell who may write, or who did may no more."""
    life.push({**OPENED, "shop/mail.py": shop.MAIL}, "Redeem coupons, write letters")
    life.finds(shop.COUPON, shop.TAX, shop.NAME)
    life.review()
    life.pull.react(life.comment_on(shop.COUPON), WRITER, "THUMBS_DOWN")
    life.pull.reply(life.comment_on(shop.TAX), WRITER, "/dismiss by design")
    life.say(f"{WRITER} gives the coupon a thumbs-down, and answers `/dismiss by design` on the tax")
    life.unwanted |= {shop.COUPON.title, shop.TAX.title}
    life.review()
    assert "Dismissed: 2" in life.summary.body
    for number in range(30):
        life.pull.reply(life.comment_on(shop.TAX), STRANGER, f"Why? {number}")
    life.github.fail_next("GET", r"/permission$", status=403, body={"message": "Resource not accessible"})
    life.say(f"{STRANGER} asks why, thirty times; GitHub does not tell who may write")
    life.push({"README.md": "# The shop\n"}, "Rename it")
    life.review()
    assert "Dismissed: 2" in life.summary.body
    life.github.repository("acme/shop").permissions[WRITER] = "read"
    life.say(f"{WRITER} leaves the team")
    life.push({"README.md": "# Our shop\n"}, "Rename it again")
    life.review()
    assert "Dismissed: 2" in life.summary.body
    life.comment_on(shop.COUPON).reactions.clear()
    life.unwanted.remove(shop.COUPON.title)
    life.say(f"{WRITER} takes the thumbs-down back")
    life.review()
    assert "Dismissed: 1" in life.summary.body


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for each in sys.argv[1:] or LIVES:
        with TemporaryDirectory() as made:
            (PAGES / f"{each}.md").write_text(played(each, Path(made)), encoding="utf-8")
