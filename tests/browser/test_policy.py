"""In a real Chromium: every page works under the content security policy, and what it forbids is forbidden."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from rag.places import SAMPLES  # noqa: E402
from tests.browser.test_app import CHROMIUM, PATIENCE, address, ask, chromium, pytestmark, settled  # noqa: E402, F401

WATCH = """document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`POLICY ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""
TRIED = """async () => {
  const tried = {};
  const script = document.createElement('script');
  script.textContent = 'window.inline = true';
  document.head.append(script);
  tried.inline = window.inline === true;
  tried.evaluated = await new Promise((done) => setTimeout(() => {  // What Playwright calls itself may evaluate.
    try { done(new Function('return true')()) } catch { done(false) }
  }));
  try { await fetch('https://elsewhere.example/'); tried.fetched = true } catch { tried.fetched = false }
  const frame = document.createElement('iframe');
  frame.src = 'data:text/html,framed';
  tried.framed = await new Promise((done) => {
    document.addEventListener('securitypolicyviolation', (event) => event.violatedDirective === 'frame-src' && done(false));
    setTimeout(() => done(true), 4000);
    document.body.append(frame);
  });
  return tried;
}"""


@pytest.fixture
def said() -> list[str]:
    """What the console says of the policy."""
    return []


@pytest.fixture
def page(chromium: "playwright.Browser", address: str, said: list[str]) -> Iterator["playwright.Page"]:  # noqa: F811
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(3 * PATIENCE)
    page.add_init_script(WATCH)
    page.on("console", lambda line: said.append(line.text) if re.search("POLICY|Content.Security.Policy", line.text) else None)
    page.goto(address)
    yield page
    page.close()


def downloaded(page: "playwright.Page", name: str) -> str:
    """The text of the file that a press of this button brings, once the page is drawn: till then its file may be replaced."""
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path()).read_text("utf-8")


def test_nothing_that_a_page_does_is_held_back_by_the_policy(page: "playwright.Page", said: list[str], tmp_path: Path) -> None:
    page.get_by_role("button", name="Ask the first question").click()
    page.locator(".statement button").first.click()
    page.get_by_role("dialog").get_by_role("img").wait_for()
    assert page.get_by_role("dialog").get_by_role("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    settled(page)
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    page.get_by_role("button", name="Open, save or take away").click()
    assert json.loads(downloaded(page, "Download as JSON"))["version"] == 1
    assert "chunk:" in downloaded(page, "Download as YAML")
    page.get_by_text("In LangChain, or as a service").click()
    page.get_by_text("WorkbenchRetriever").first.wait_for()
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Map", exact=True).first.click()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    settled(page)

    page.get_by_role("link", name="Chunks").first.click()
    page.locator(".view").first.wait_for()
    settled(page)

    page.get_by_role("link", name="Documents").first.click()
    note = tmp_path / "note.md"
    note.write_text("# Ward note\n\nQuillwort syrup is given at 7 mL.\n", "utf-8")
    page.locator("input[type=file]").set_input_files(str(note))
    page.get_by_text("note.md").first.wait_for()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("1 of 1 files read").wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        settled(page)

    page.get_by_role("link", name="Compare", exact=True).first.click()
    ask(page, "Was there a pneumothorax?")
    page.get_by_text("(tinted)").first.wait_for()
    settled(page)
    page.get_by_text("A set of questions", exact=True).click()
    page.get_by_role("button", name="Upload a set").click()
    questions = tmp_path / "two.jsonl"
    questions.write_text("\n".join((SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()[:2]), "utf-8")
    page.locator("input[type=file]").first.set_input_files(str(questions))
    page.get_by_role("button", name="Run 2 questions").click()
    page.get_by_text("all answered.").wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert len(downloaded(page, "Results as CSV").splitlines()) > 2
    assert said == []


def test_what_a_page_has_no_need_of_is_forbidden(page: "playwright.Page", said: list[str]) -> None:
    page.get_by_role("button", name="Ask the first question").wait_for()
    assert said == []
    assert page.evaluate(TRIED) == {"inline": False, "evaluated": False, "fetched": False, "framed": False}
    assert {told.split()[1] for told in said if told.startswith("POLICY")} >= {
        "script-src-elem",
        "script-src",
        "connect-src",
        "frame-src",
    }
