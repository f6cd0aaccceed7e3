"""Ten browsers tune the same documents at once for a minute: no error, and nobody sees the answer of another."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag.documents.workspace import open_workspace
from rag.pipeline import Pipeline
from rag.pipeline.presets import PRESETS
from tests.bench.corpora import PROJECT, Settings
from tests.bench.figures import Figure, Skipped, at_least, at_most, percentile
from tests.bench.launch import BROWSER, BROWSER_ARGUMENTS, free_port, start_app, wait_for_health

SESSIONS = 10
SECONDS = 60
PATIENCE = 45_000  # Milliseconds until an answer counts as missing.
QUESTIONS = (
    "What was stopped or held at discharge because of the kidneys in P-0412?",
    "Did the nodule grow between the two scans of P-0733?",
    "What apixaban dose is recommended for extended treatment after 6 months?",
    "Which hip did P-0887 break and how was it fixed?",
    "How many sumatriptan tablets does the plan cover a month?",
    "What were the reasons for the denial of the PET/CT of P-0733?",
    "What did the nephrologist blame for the acute kidney injury in P-0412?",
    "Is there an old lacune in the brain of P-0733?",
    "How long must a patient be off an ACE inhibitor before sacubitril/valsartan?",
    "Any drug allergies for P-0268?",
)


@dataclass
class Seen:
    """What the sessions saw."""

    answers: int = 0
    wrong: int = 0
    errors: int = 0
    times: list[float] = field(default_factory=list)


def sessions(settings: Settings) -> list[Figure]:
    """Answers in ten browsers at once, each with questions and presets of its own, against the answers of one alone."""
    if not find_spec("playwright") or not BROWSER.is_file():
        raise Skipped(f"needs playwright and {BROWSER}")
    with tempfile.TemporaryDirectory() as folder:
        setup = [sys.executable, "-m", "rag", "setup", "--workspace", folder]
        subprocess.run(setup, cwd=PROJECT, check=True, capture_output=True)
        expected = _expected(Path(folder))
        port = free_port()
        server = start_app(port, folder)
        try:
            wait_for_health(port, server)
            seen = asyncio.run(_all(f"http://localhost:{port}", expected))
        finally:
            server.terminate()
            server.wait(20)
    note = f"{SESSIONS} sessions, {SECONDS} s, {os.cpu_count()} processors, browsers on the same machine"
    return [
        Figure("answers shown", seen.answers, target=at_least(SESSIONS), note=note),
        Figure("answers that were another's or wrong", seen.wrong, target=at_most(0), n=seen.answers),
        Figure("errors on the screen", seen.errors, target=at_most(0), n=seen.answers),
        Figure("seconds to an answer, median", percentile(seen.times, 50), "s", n=len(seen.times)),
        Figure("seconds to an answer, 95th percentile", percentile(seen.times, 95), "s", n=len(seen.times)),
    ]


def _expected(folder: Path) -> dict[tuple[str, str], list[str]]:
    """The statements for every preset and question, computed alone."""
    project = open_workspace(folder).project()
    found = {}
    for name, (_, pipeline) in PRESETS.items():
        index = Pipeline.model_validate(pipeline).prepare(project.shelf.documents, project.artifacts)
        for question in QUESTIONS:
            found[name, question] = [" ".join(claim.text.split()) for claim in pipeline.ask(question, index).claims]
    return found


async def _all(address: str, expected: dict[tuple[str, str], list[str]]) -> Seen:
    from playwright.async_api import async_playwright

    seen = Seen()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(BROWSER), args=BROWSER_ARGUMENTS)
        until = time.monotonic() + SECONDS + 10  # Ten seconds to open them all.
        await asyncio.gather(*(_one(browser, address, number, until, expected, seen) for number in range(SESSIONS)))
        await browser.close()
    return seen


async def _one(
    browser: Any, address: str, number: int, until: float, expected: dict[tuple[str, str], list[str]], seen: Seen
) -> None:
    """One session: its own question, then another preset, in turn, until the time is over."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(address)
    while not await page.get_by_label("Question").count():  # A click while the page is drawn may be lost.
        await page.get_by_role("link", name="Ask", exact=True).first.click()
        await asyncio.sleep(4)
    turn = 0
    presets = list(PRESETS)
    preset = "default"
    while time.monotonic() < until:
        question = QUESTIONS[(number + turn // 2) % len(QUESTIONS)]
        started = time.monotonic()
        if turn % 2 == 0:
            box = page.get_by_label("Question").last
            await box.fill(question)
            await box.press("Enter")
        else:
            preset = presets[(number + turn) % len(presets)]
            choice = page.get_by_role("button", name=preset.capitalize(), exact=True)
            while not await choice.is_visible():  # The list stays open after a choice, and a click would close it.
                await page.get_by_role("button", name="Open, save or take away").click()
                await asyncio.sleep(1)
            await choice.click()
        await asyncio.sleep(0.3)  # Until the browser has told the app; what is on the screen before that is not the answer.
        if await _shows(page, expected[preset, question]):
            seen.answers += 1
            seen.times.append(time.monotonic() - started)
        else:
            seen.wrong += 1
        seen.errors += await page.locator("[data-testid=stException]").count()
        turn += 1
    await page.context.close()


async def _shows(page: Any, statements: list[str]) -> bool:
    """Whether the page comes to show just these statements."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        idle = await page.locator("[data-testid=stApp][data-test-script-state=notRunning]").count()
        shown = await page.locator(".statement").all_inner_texts() if idle else []
        plain = [" ".join(text.split()) for text in shown]
        if idle and len(plain) == len(statements) and all(a in b for a, b in zip(statements, plain, strict=True)):
            return True
        await asyncio.sleep(0.1)
    return False
