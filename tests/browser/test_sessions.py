"""In a real Chromium: a run that outlives a reload, two tabs of one link, and the keyboard's place after a dialog."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from tests.browser.test_app import CHROMIUM, PATIENCE, address, ask, chromium, page, pytestmark, settled  # noqa: E402, F401

ACTIVE = """() => {
  let found = document.activeElement;
  while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
  return found ? found.tagName + ' ' + found.textContent.trim() : '';
}"""
OPENED, TAKEN = "This session is open in another tab", "Another tab took this session over"


@pytest.fixture
def other(chromium: "playwright.Browser") -> Iterator["playwright.Page"]:  # noqa: F811
    """A second tab."""
    tab = chromium.new_page(viewport={"width": 1280, "height": 860})
    tab.set_default_timeout(PATIENCE)
    yield tab
    tab.close()


def set_begun(page: "playwright.Page") -> None:  # noqa: F811
    """The sample questions are being asked in both columns."""
    page.get_by_role("link", name="Compare", exact=True).first.click()
    page.get_by_text("A set of questions", exact=True).click()
    run, apply = page.get_by_role("button", name=re.compile(r"Run \d+ questions")), "Apply to all columns"
    run.or_(page.get_by_role("button", name=apply)).first.wait_for()
    if not run.count():  # In a new workspace the columns have to be made ready first, unless that was just done.
        with suppress(playwright.TimeoutError):
            page.get_by_role("button", name=apply).click(timeout=4000)
    run.wait_for()
    page.get_by_label("How many").first.click()
    page.get_by_role("option", name="the first 25").click()
    page.get_by_role("button", name="Run 25 questions").click()
    page.get_by_text(re.compile(r"\d+ of \d+ answers")).first.wait_for()


def test_a_set_run_goes_on_through_a_reload_and_another_page(page: "playwright.Page") -> None:  # noqa: F811
    set_begun(page)
    page.reload()
    page.get_by_role("link", name="Chunks").first.click()
    page.get_by_role("heading", name="Chunks", exact=True).wait_for()
    page.get_by_role("link", name="Compare", exact=True).first.click()
    page.get_by_text("all answered.").wait_for(timeout=5 * PATIENCE)
    assert page.get_by_role("radio", name="A set of questions").is_checked()
    page.reload()
    page.get_by_text("all answered.").wait_for()


def test_two_tabs_of_one_link_have_two_sessions_and_one_may_take_over(
    page: "playwright.Page",  # noqa: F811
    other: "playwright.Page",
) -> None:
    page.get_by_role("link", name="Ask", exact=True).first.click()
    ask(page, "Was there a pneumothorax?")
    page.get_by_text("Look into").wait_for()
    settled(page)
    first = page.url
    other.goto(first)
    other.get_by_text(OPENED).wait_for()
    other.get_by_text("Was there a pneumothorax?").first.wait_for()
    settled(other)
    assert other.url != first
    ask(other, "Which antibiotic was given?")
    other.get_by_text("Which antibiotic was given?").first.wait_for()
    settled(other)
    page.reload()
    page.get_by_text("Was there a pneumothorax?").first.wait_for()
    settled(page)
    assert page.url == first and not page.get_by_text(OPENED).count(), "a reload is no second tab"

    other.get_by_role("button", name="Take it over").click()
    other.wait_for_url(first)
    other.get_by_text("Was there a pneumothorax?").first.wait_for()
    settled(other)
    assert other.url == first and not other.get_by_text(OPENED).count()
    page.get_by_role("link", name="Compare", exact=True).first.click()
    page.get_by_text(TAKEN).wait_for()
    page.get_by_role("button", name="Keep the copy").click()
    page.get_by_text(TAKEN).wait_for(state="detached")


def test_esc_in_the_source_dialog_gives_the_focus_back_to_what_opened_it(page: "playwright.Page") -> None:  # noqa: F811
    page.get_by_role("link", name="Ask", exact=True).first.click()
    ask(page, "Was there a pneumothorax?")
    page.locator(".statement button").first.wait_for()
    settled(page)
    opener = "BUTTON " + page.locator(".statement button").first.inner_text().strip()
    for _ in range(2):  # The second time the page has been drawn anew.
        for _ in range(150):
            if page.evaluate(ACTIVE) == opener:
                break
            page.keyboard.press("Tab")
        assert page.evaluate(ACTIVE) == opener
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_text("characters").first.wait_for()
        settled(page)
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        page.wait_for_function(f"opener => ({ACTIVE})() === opener", arg=opener)
