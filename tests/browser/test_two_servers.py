"""In a real Chromium: two servers of one workspace on PostgreSQL behind nginx, until one of them dies."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from rag.keep.records import VARIABLE  # noqa: E402
from tests.browser.test_app import PATIENCE, ask, chromium, served, settled  # noqa: E402, F401
from tests.browser.test_proxy import KEY, PLACE, proxied, pytestmark  # noqa: E402, F401
from tests.postgres import fresh  # noqa: E402

QUESTION, SYRUP, LATER = "Was there a pneumothorax?", "How much quillwort syrup is given?", "Which antibiotic was given?"
BESIDE = 20  # New browsers at most until one comes to the other server.


@dataclass
class Two:
    """The address of the proxy, and what ends each server, by its own address."""

    address: str
    ends: dict[str, ExitStack]


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    told = {"RAG_API_KEY": KEY, VARIABLE: fresh(postgres, f"two_{secrets.token_hex(4)}")}
    with ExitStack() as both:
        ends: dict[str, ExitStack] = {}
        for _ in range(2):
            end = both.enter_context(ExitStack())
            url = end.enter_context(served(folder / "workspace", PLACE, **told))
            ends[f"127.0.0.1:{urlsplit(url).port}"] = end
        yield Two(both.enter_context(proxied(folder, list(ends))), ends)


def tab(chromium: "playwright.Browser", address: str) -> tuple["playwright.Page", str]:  # noqa: F811
    """A new browser at that address, and the server that it came to."""
    page = chromium.new_context(viewport={"width": 1280, "height": 860}).new_page()
    page.set_default_timeout(3 * PATIENCE)
    answer = page.goto(f"{address}/")
    assert answer is not None
    return page, answer.headers["x-server"]


def test_what_one_server_takes_in_the_other_answers_and_a_session_goes_on_where_its_server_dies(
    chromium: "playwright.Browser",  # noqa: F811
    two: Two,
    tmp_path: Path,
) -> None:
    page, server = tab(chromium, two.address)
    page.get_by_role("link", name="Ask", exact=True).first.click()
    ask(page, QUESTION)
    page.get_by_text("Look into").wait_for()
    settled(page)

    tries = (tab(chromium, two.address) for _ in range(BESIDE))
    other = next(found for found, at in tries if at != server)
    note = tmp_path / "bulletin.md"
    note.write_text("# Ward bulletin\n\nQuillwort syrup is given at 7 mL every eight hours.\n", "utf-8")
    other.get_by_role("link", name="Documents").first.click()
    other.locator("input[type=file]").set_input_files(str(note))
    other.get_by_role("button", name="Add", exact=True).click()
    other.get_by_text("1 of 1 files read").wait_for()

    ask(page, SYRUP)
    page.locator(".statement button", has_text="bulletin.md").first.wait_for()
    settled(page)
    first = page.url

    with page.expect_websocket():
        two.ends[server].close()
    page.locator("[data-test-connection-state=CONNECTED]").wait_for()
    page.wait_for_timeout(1000)
    ask(page, LATER)
    page.get_by_text(LATER).first.wait_for()
    settled(page)
    assert page.url == first, "it is the same session, and no copy of it"
    page.reload()
    page.get_by_text(LATER).first.wait_for()
    assert page.url == first


def test_a_tab_that_is_loaded_anew_as_its_server_dies_goes_on_in_its_own_session(
    chromium: "playwright.Browser",  # noqa: F811
    two: Two,
) -> None:
    page, server = tab(chromium, two.address)
    page.get_by_role("link", name="Ask", exact=True).first.click()
    ask(page, QUESTION)
    page.get_by_text("Look into").wait_for()
    settled(page)
    first = page.url
    two.ends[server].close()
    page.reload()
    page.get_by_text(QUESTION).first.wait_for()
    settled(page)
    assert page.url == first, "it is the same session, and no copy of it"
