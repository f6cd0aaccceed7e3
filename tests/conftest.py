"""Invented clinical documents, and the pipeline, artifacts and workspace that most tests start from."""

import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.documents.load import read_file
from rag.documents.workspace import Project, Workspace
from rag.governance import egress
from rag.keep.artifacts import Artifacts
from rag.keep.records import VARIABLE as DATABASE_URL
from rag.pipeline import Pipeline
from rag.places import WORKSPACE
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.values import Document, File
from tests import fake_server
from tests.postgres import fresh, running

settings.register_profile(
    "suite",
    deadline=None,
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("suite")

FILES = {
    "discharge_P-9001.txt": """DISCHARGE SUMMARY
Patient: P-9001
Date of discharge: 2024-03-14

HOSPITAL COURSE:
Admitted with leg swelling and breathlessness. Treated with intravenous furosemide for four days. Creatinine rose to
2.1 mg/dL on day two and fell to 1.5 mg/dL before discharge. Lisinopril was stopped because of the kidney injury.

DISCHARGE MEDICATIONS:
1. Torsemide 40 mg by mouth daily.
2. Metoprolol succinate 50 mg by mouth daily.
3. Apixaban 2.5 mg by mouth twice daily.

FOLLOW-UP:
Heart failure clinic in seven days. Repeat creatinine and potassium within one week.
""",
    "radiology_P-9001.txt": """RADIOLOGY REPORT
Patient: P-9001
Date of exam: 2023-11-02

TECHNIQUE: CT of the chest without contrast.

FINDINGS:
A 6 mm solid nodule stands in the right upper lobe. No pleural effusion. No enlarged lymph nodes.

IMPRESSION:
1. Solid nodule of the right upper lobe, 6 mm. Follow-up CT in six months is recommended.
2. No evidence of pneumonia.
""",
    "policy_cgm.md": """# Medical Policy MP-900: Continuous glucose monitors

This policy is kept by the Plan.

## Coverage criteria

A continuous glucose monitor is medically necessary when the member uses insulin three times a day or more.

## Exclusions

Monitors for members without insulin treatment are not covered. A second monitor in the same year is not covered.
""",
    "formulary_2025.csv": """drug,tier,quantity limit
Zalumide,2,30 tablets per 30 days
Peritol,3,60 tablets per 30 days
Ostravan,4,"4 pens per 28 days, prior authorization"
""",
}


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the user's workspace, and none starts with a host allowed."""
    monkeypatch.setenv(WORKSPACE, str(tmp_path / "workspace"))
    monkeypatch.delenv(egress.VARIABLE, raising=False)


@pytest.fixture(scope="session")
def documents() -> tuple[Document, ...]:
    """A discharge summary (2024-03-14), a CT report (2023-11-02), a policy and a formulary without date."""
    return tuple(document for name, text in FILES.items() for document in read_file(File(name, text.encode())))


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder with the same documents as files."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def artifacts() -> Artifacts:
    return Artifacts()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The default project of an empty workspace on disk."""
    return Workspace(tmp_path / "workspace").project()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with running() as server:
        yield server


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def either_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The records of every workspace of the test stand in this database; which one it is."""
    if request.param == "PostgreSQL":
        monkeypatch.setenv(DATABASE_URL, fresh(request.getfixturevalue("postgres"), f"records_{secrets.token_hex(6)}"))
    return str(request.param)


def run_sql(project: Project, statement: str, *values: object) -> None:
    """Writes into the records of a project as another program would."""
    with project.shelf._records._engine.begin() as base:
        base.exec_driver_sql(statement if base.dialect.name == "sqlite" else statement.replace("?", "%s"), values or None)


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """The default pipeline with the embedder that needs no model."""
    return Pipeline(embed=Hashing())


@pytest.fixture(scope="session")
def index(pipeline: Pipeline, documents: tuple[Document, ...]) -> Index:
    return pipeline.prepare(documents, Artifacts())


class AlwaysSame:
    """A chat model that always says the same, in two parts."""

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(text="Torsemide 40 mg daily ")
        yield SimpleNamespace(text="was given [1].")


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stage that asks a chat model gets the same answer, without a server."""
    monkeypatch.setattr(ChatModel, "_model", lambda self, url, schema=None: AlwaysSame())


@pytest.fixture(scope="session")
def _one_server() -> Iterator[fake_server.Server]:
    with fake_server.running() as server:
        yield server


@pytest.fixture
def server(_one_server: fake_server.Server, monkeypatch: pytest.MonkeyPatch) -> fake_server.Server:
    """The chat server of `tests.fake_server`, which has seen nothing yet; pauses before a further try are short."""
    monkeypatch.setattr("rag.stages.models.chat.FIRST_PAUSE", 0.01)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    _one_server.seen = fake_server.Seen()
    return _one_server


MakePdf = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_pdf() -> MakePdf:
    """Makes a PDF of pages, each a sequence of lines; `roman` pages at the front are labelled i, ii, …"""

    def make(pages: Sequence[Sequence[str]], title: str = "An invented document", roman: int = 0) -> bytes:
        target = io.BytesIO()
        canvas = Canvas(target, pagesize=A4, invariant=1)
        canvas.setTitle(title)
        for number, lines in enumerate(pages):
            if roman and number in {0, roman}:
                canvas.addPageLabel(number, "ROMAN_LOWER" if number == 0 else "ARABIC", 1)
            for at, line in enumerate(lines):
                canvas.drawString(60, 800 - 15 * at, line)
            canvas.showPage()
        canvas.save()
        return target.getvalue()

    return make
