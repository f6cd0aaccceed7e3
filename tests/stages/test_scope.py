"""One patient's scope holds whatever the settings and the files are, and whoever asks at the same time."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import docx
import openpyxl
import pytest

from rag.documents.load import read_file
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stage import Stage, options
from rag.stages.chunk import Chunker
from rag.stages.embed.hashing import Hashing
from rag.stages.expand import Expander
from rag.stages.index.base import Index
from rag.stages.rerank import Reranker
from rag.stages.retrieve import Retriever
from rag.values import Answer, Document, File, Filter
from tests.conftest import MakePdf, make_pdf
from tests.made_files import CCDA, base64_of, bundle, reference, zipped

ABOUT = "Seen for a cough. Dose of peritol raised to {dose} mg. The {word} sign was noted, and {word} tablets were stopped."
WORDS = {"P-01": "quillmoor", "P-02": "zarbeth", "P-03": "ombrix"}
STAGES = [
    pytest.param(name, stage, id=f"{name} {kind}")
    for name, union in (("chunk", Chunker), ("expand", Expander), ("retrieve", Retriever), ("rerank", Reranker))
    for kind, stage in options(union).items()
    if not {"model", "provider", "source"} & set(stage.model_fields)
]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [
        Document(f"{patient}-{number}.txt", ABOUT.format(dose=10 * number, word=word), patient=patient, date=f"2024-0{number}-01")
        for patient, word in WORDS.items()
        for number in range(1, 6)
    ]


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return Artifacts()


def seen(answer: Answer) -> str:
    """All the text of documents that a reader of an answer sees."""
    prompt = "".join(message.content for message in answer.prompt.messages)
    passages = "".join(hit.chunk.indexed for hit in (*answer.hits, *answer.found))
    return f"{answer.text}{prompt}{passages}{answer.query}".lower()


@pytest.mark.parametrize(("name", "stage"), STAGES)
def test_nothing_of_another_patient_is_seen_whatever_the_settings(
    name: str, stage: type[Stage], documents: list[Document], artifacts: Artifacts
) -> None:
    chosen = {"embed": Hashing(), "expand": options(Expander)["feedback"](), name: stage()}
    try:
        pipeline = Pipeline.model_validate({part: value.model_dump() for part, value in chosen.items()})
    except ValueError:
        pytest.skip("needs an embedder with token vectors")
    index = pipeline.prepare(documents, artifacts)
    for patient in WORDS:
        for question in ("Which dose of peritol, and which sign was noted?", "zarbeth quillmoor ombrix tablets stopped"):
            answer = pipeline.ask(question, index, Filter(patients=(patient,)))
            assert {index.documents[hit.chunk.span.document].patient for hit in answer.found} <= {patient}
            shown = seen(answer).replace(question.lower(), "")
            assert not [word for other, word in WORDS.items() if other != patient and word in shown]


def test_many_at_once_get_what_each_would_get_alone(documents: list[Document], artifacts: Artifacts) -> None:
    pipelines = [
        Pipeline.model_validate({"embed": {"kind": "hashing"}, name: {"kind": kind}})
        for name, kinds in (("retrieve", ("terms", "dense", "convex")), ("chunk", ("words", "sentences")))
        for kind in kinds
    ]
    jobs = [(pipeline, patient) for pipeline in pipelines for patient in WORDS] * 4

    def asked(job: tuple[Pipeline, str]) -> tuple[str, tuple[str, ...]]:
        pipeline, patient = job
        index: Index = pipeline.prepare(documents, artifacts)
        answer = pipeline.ask("Which dose of peritol was given?", index, Filter(patients=(patient,)))
        return answer.text, tuple(hit.chunk.span.document for hit in answer.hits)

    alone = [asked(job) for job in jobs]
    with ThreadPoolExecutor(10) as crowd:
        assert list(crowd.map(asked, jobs)) == alone


OWN, OTHER = "Seen for a cough, peritol 10 mg given.", "Hepatitis with the zarbethsecret sign, peritol 20 mg given."
ROWS = [["patient", "seen", "note"], ["P-0001", "2024-03-14", OWN], ["P-0002", "2024-03-15", OTHER]]
LONG = "It rained." + "\n" * 3200
PAIR = f"PROGRESS NOTE\nPatient: P-0001\n\n{OWN}\n\n{LONG}\n\n{{}}\n{OTHER}\n"
TEXTS = {
    "another patient further down": PAIR.format("Patient: P-0002"),
    "another member": PAIR.format("Member ID: P-0002"),
    "another member's numbering": PAIR.format("Member ID: MB-0002"),
    "another record": PAIR.format("MRN: 4455667").replace("P-0001\n", "P-0001\nMRN: 7766554\n"),
    "a heading": PAIR.format("## Patient P-0002"),
    "only the other's id": PAIR.format("P-0002"),
    "a labelled newborn": PAIR.format("Newborn patient ID: P-0002"),
    "in a sentence": PAIR.format("In the next bed lies patient P-0002."),
    "names of columns": PAIR.format("patient_id: P-0002; note:"),
    "a list": f"Patient\nP-0001\n{OWN}\nP-0002\n{OTHER}\n",
    "rows without names": f"Patient: P-0001\n\nnote | patient\n{OWN} | P-0001\n{OTHER} | P-0002\n",
}


def table(rows: list[list[str]], mark: str = ",") -> bytes:
    return "\n".join(mark.join(f'"{cell}"' for cell in row) for row in rows).encode()


def sheets(*each: list[list[str]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for number, rows in enumerate(each, 1):
        sheet = made.create_sheet(f"Visits {number}")
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def word_of(rows: list[list[str]]) -> bytes:
    made: Any = docx.Document()
    made.add_paragraph("Patient: P-0001")
    filled = made.add_table(rows=0, cols=3)
    for row in rows:
        for cell, value in zip(filled.add_row().cells, row, strict=True):
            cell.text = value
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def html_of(rows: list[list[str]], head: str) -> bytes:
    lines = [
        f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in row)}</tr>" for row, tag in zip(rows, (head, *"dd"), strict=False)
    ]
    return f"<html><body><table>{''.join(lines).replace('<d>', '<td>').replace('</d>', '</td>')}</table></body></html>".encode()


def about(patient: str, text: str, **more: Any) -> dict[str, Any]:
    return reference(text, subject={"reference": f"Patient/{patient}"}, **more)


def mixed(made_pdf: MakePdf) -> Iterator[File]:
    """A file of every format that speaks of P-0001 first, and of P-0002 with a secret word after that."""
    for number, text in enumerate(TEXTS.values()):
        yield File(f"text-{number}.txt", text.encode())
        yield File(f"fhir-{number}.json", bundle(about("P-0001", text, id=f"d{number}"), about("P-0009", "x y", id="other")))
    rows = [{"patient": "P-0001", "id": str(number), "text": text.replace("Patient: P-0001", "").replace(LONG, "")}
            for number, text in enumerate(TEXTS.values()) if "P-0002" in text]  # fmt: skip
    yield File("lines.jsonl", "\n".join(map(json.dumps, rows)).encode())
    yield File("rows.csv", table(ROWS))
    yield File("rows.tsv", table(ROWS, "\t"))
    yield File("unnamed.csv", table([*ROWS[:2], ["", "2024-03-16", OTHER]]))
    yield File("numbers.csv", table([["patient", "note"], ["P-0001", OWN], ["4455667", OTHER]]))
    yield File("ids.csv", table([["note", "Patient ID"], [OWN, "P-0001"], [OTHER, "P-0002"]]))
    yield File("quoted.csv", table([["patient", "note"], ["P-0001", OWN], ["P-0001", f"Patient: P-0002 {OTHER}"]]))
    yield File("data.json", json.dumps([dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]).encode())
    yield File("packed.zip", zipped({"rows.csv": table(ROWS), "note.txt": TEXTS["another patient further down"]}))
    yield File("one.xlsx", sheets(ROWS))
    yield File("two.xlsx", sheets(ROWS[:2], [ROWS[0], ROWS[2]]))
    yield File("cover.xlsx", sheets([["Patient: P-0001"], ["of this ward"]], ROWS))
    yield File("forms.xlsx", sheets([["Patient: P-0001"], [OWN]], [["Patient: P-0002"], [OTHER]]))
    yield File("table.docx", word_of(ROWS))
    yield File("head.html", html_of(ROWS, "th"))
    yield File("plain.html", html_of(ROWS, "td"))
    yield File(
        "table.md", f"Patient: P-0001\n\n| note | patient |\n|---|---|\n| {OWN} | P-0001 |\n| {OTHER} | P-0002 |\n".encode()
    )
    yield File("note.rtf", rf"{{\rtf1\ansi Patient: P-0001\par {OWN}\par Patient: P-0002\par {OTHER}\par }}".encode())
    yield File("merged.pdf", made_pdf([["Patient: P-0001", OWN], ["Patient: P-0002", OTHER]]))
    yield File("headed.pdf", made_pdf([[f"Patient: P-000{n}   Page {n}", f"Line {n} a", OWN if n == 1 else OTHER, *["more"] * 30]
                                       for n in (1, 2, 2, 2)]))  # fmt: skip
    target = CCDA.replace("P-9001", "P-0001").replace("The cough is better.", OWN).replace("Inner words.", OTHER)
    second = '<recordTarget><patientRole><id root="1.2" extension="P-0002"/></patientRole></recordTarget><author>'
    yield File("two.xml", target.replace("<author>", second).encode())
    yield File("text.xml", target.replace("<title>Inner</title>", "<title>Patient P-0002</title>").encode())
    yield File("within.json", bundle(about("P-0001", target.replace("P-0001", "P-0002"), kind="text/xml", id="w")))
    foreign = {"resourceType": "Condition", "id": "k2", "code": {"text": OTHER}, "subject": {"reference": "Patient/P-0002"}}
    report = {"resourceType": "Composition", "id": "c1", "title": "Summary", "subject": {"reference": "Patient/P-0001"},
              "section": [{"title": "Course", "entry": [{"reference": "Condition/k2"}]}, {"title": OWN}]}  # fmt: skip
    yield File("entries.json", bundle(report, foreign))
    yield File("letter.json", bundle({"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/P-0001"},
               "presentedForm": [{"contentType": "text/plain", "data": base64_of(TEXTS["a heading"])}]}))  # fmt: skip


@pytest.fixture(scope="module")
def both() -> list[Document]:
    """All documents of the files of two patients, and a note that is P-0001's alone."""
    files = list(mixed(make_pdf.__wrapped__()))  # type: ignore[attr-defined]
    read = {f"{file.name}: {document.name}": document for file in files for document in read_file(file)}
    assert all(any(name.startswith(f"{file.name}: ") and "zarbethsecret" in document.text for name, document in read.items())
               for file in files)  # fmt: skip
    own = read_file(File("own.txt", f"Patient: P-0001\n\n{OWN} The quillmoor sign was seen.\n".encode()))
    return [*own, *(replace(document, name=name) for name, document in read.items())]


def test_no_document_of_one_patient_holds_the_text_of_another_whatever_the_file(both: list[Document]) -> None:
    assert [document.name for document in both if document.patient == "P-0001" and "zarbethsecret" in document.text] == []
    whole = [document for document in both if {"cough", "zarbethsecret"} <= set(document.text.lower().replace(",", "").split())]
    assert len(whole) > 30 and {document.patient for document in whole} == {""}
    warned = [document.name for document in whole if not any("different patient ids" in one for one in document.warnings)]
    assert warned == ["plain.html: plain.html"]  # Its rows name no patient at all.
    assert not any("zarbethsecret" in one or "P-000" in one for document in both for one in document.warnings)


@pytest.mark.parametrize(("name", "stage"), STAGES)
@pytest.mark.parametrize("edge", ["default", "largest"])
def test_nothing_of_another_patient_in_a_mixed_file_is_seen_whatever_the_settings(
    name: str, stage: type[Stage], edge: str, both: list[Document], artifacts: Artifacts
) -> None:
    largest = {
        field: bound.le
        for field, info in stage.model_fields.items()
        for bound in info.metadata
        if hasattr(bound, "le") and field != "minimum"
    }
    settings = {} if edge == "default" else {**largest, **({"overlap": 0} if "overlap" in largest else {})}
    chosen = {"embed": Hashing(), "expand": options(Expander)["feedback"]()}
    if name == "rerank":
        chosen["retrieve"] = options(Retriever)["convex"](candidates=200)
    try:
        chosen[name] = stage(**settings)
        pipeline = Pipeline.model_validate({part: value.model_dump() for part, value in chosen.items()})
    except ValueError:
        pytest.skip("not with these settings")
    index = pipeline.prepare(list({document.text: document for document in both}.values()), artifacts)
    question = "Which sign was seen with the cough or the hepatitis, and how much peritol was given?"
    answer = pipeline.ask(question, index, Filter(patients=("P-0001",)))
    assert answer.found and {index.documents[hit.chunk.span.document].patient for hit in answer.found} == {"P-0001"}
    assert "zarbethsecret" not in seen(answer)
    assert "zarbethsecret" in seen(pipeline.ask(question, index))


@pytest.mark.parametrize(
    "text",
    [
        "A healthy newborn (patient ID: P-0002) was delivered; the newborn's chart is P-0002.",
        "The kidney came from donor P-0002 (donor ID D-4455), and the donor, patient P-0002, is well.",
        "Patient: see above\nPatient: 54-year-old man\nPatient: reports a cough since 2024-03-01.",
        "Patient B12 was low, patient CA-125 was 40, PT: 13.2 s, and the patient T10 fracture was old.",
        "MRN 00000000-TEST. See patient P-0001 and Patient: p-0001.",
        "Specimen: S-24-0012, claim: C-99887, policy MP-027, room 4455667.",
    ],
)
def test_what_only_looks_like_another_patient_leaves_the_patient(text: str) -> None:
    (document,) = read_file(File("note.txt", f"DISCHARGE SUMMARY\nPatient: P-0001\n\n{text}\n".encode()))
    assert (document.patient, document.warnings) == ("P-0001", ())


@pytest.mark.parametrize(
    "head",
    [
        "Patient: P-0412 (68-year-old man)\nDOB: 1956\nMember ID: MB-12345\nMRN: 4455667",
        "Member ID: MB-12345\nPatient: P-0412",
        "Patient: P-0412   DOB: 1960-01-01   Sex: F   Member ID: XY1234567",
        "**Patient:** P-0412, 79 y/o F  \n**Member ID:** AB-12345",
        "Subject ID: S-0007\nPatient: P-0412",
    ],
)
def test_two_numberings_in_one_header_are_one_patient(head: str) -> None:
    (document,) = read_file(File("letter.txt", f"LETTER\n{head}\n\nThe member may appeal.\n".encode()))
    assert (document.patient, document.warnings) == ("P-0412", ())


def test_a_policy_that_names_members_and_patients_belongs_to_nobody_and_warns_of_nothing() -> None:
    text = (
        "MEDICAL POLICY\nThe member must be 18. Member ID: see card. Patient: see above. Patient 1 and patient 2 are examples.\n"
    )
    (document,) = read_file(File("policy.txt", text.encode()))
    assert (document.patient, document.warnings) == ("", ())


@pytest.mark.parametrize(
    "file",
    [
        File("rows.csv", table([*ROWS, ["P-0001", "2024-04-01", "Well."]])),
        File("rows.xlsx", sheets([*ROWS[:2]], [*ROWS, ["P-0001", "2024-04-01", "Well."]])),
    ],
    ids=["csv", "xlsx"],
)
def test_a_table_with_a_patient_column_is_a_document_for_each_patient(file: File) -> None:
    one, two = read_file(file)
    assert (one.name, one.patient, two.name, two.patient) == (f"P-0001/{file.name}", "P-0001", f"P-0002/{file.name}", "P-0002")
    assert one.text.count("P-0001") == (2 if file.name.endswith("csv") else 3) and "P-0002" not in one.text
    assert f"patient: P-0002; seen: 2024-03-15; note: {OTHER}\n" in two.text and "P-0001" not in two.text
    assert one.warnings == two.warnings == ()
    for document in (one, two):
        assert all(document.text[section.start :].startswith(section.title) for section in document.sections)


def test_a_table_of_one_patient_or_of_none_stays_one_document() -> None:
    (one,) = read_file(File("rows.csv", table([ROWS[0], ROWS[1], ROWS[1]])))
    assert (one.name, one.patient) == ("rows.csv", "P-0001")
    (none,) = read_file(File("drugs.csv", table([["drug", "tier"], ["peritol", "2"]])))
    assert (none.name, none.patient, none.warnings) == ("drugs.csv", "", ())


def test_the_parts_of_a_workbook_keep_what_is_hidden_and_what_stands_beside_their_own_rows() -> None:
    made = openpyxl.load_workbook(io.BytesIO(sheets([*ROWS, ["P-0001", "2024-04-01", "Well."]])))
    sheet: Any = made.active
    sheet.row_dimensions[3].hidden = True
    sheet["C3"].comment = openpyxl.comments.Comment("A comment on the zarbethsecret sign", "R")
    target = io.BytesIO()
    made.save(target)
    one, two = read_file(File("rows.xlsx", target.getvalue()))
    assert not one.hidden and not any("zarbethsecret" in aside.text for aside in one.asides)
    assert [two.text[found.start : found.end] for found in two.hidden] == [two.text.split("\n")[1]]
    assert [aside.text for aside in two.asides if aside.kind == "comment"] == ["C3: A comment on the zarbethsecret sign"]
