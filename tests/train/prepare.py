"""Training windows: for each question the passages that retrieval finds, their sentences labelled by the gold evidence.

usage: python -m tests.train.prepare OUT.jsonl QUESTIONS.jsonl… | covidqa:DIR | clapnq:DIR | medquad:DIR | pubmedqa:DIR
Rows: {"id", "question", "unanswerable", "windows": [{"document", "header", "rank", "score", "sentences"}]}, where a sentence is
[start, end, text, label]. A label is 1 (answers), 0, -1 (looks like an answer and is not), or 2 where only the passage as a whole
is known to answer.
"""

import gzip
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag.commands.common import documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.stages.reader.windows import header
from rag.text import terms
from rag.values import Document, Hit

HELD = frozenset(
    (
        "overnight_chest_ct",
        "liver_surveillance_two",
        "b-trauma-chest-stay",
        "b-copd-and-pneumonia-stays",
        "c4_asthma_biologics",
        "c6_hepatitis_c_access",
        "d02_mixed_heart_rhythm",
        "o04_gi_bleeding_on_anticoagulants",
        "o07_oncology_neutropenic_admission",
        "p02_skin_and_joint_biologics",
        "p05_chest_drains_two_editions",
        "p08_meningioma_and_pituitary_series",
        "q01_kidney_clinic",
        "q04_fits_and_pregnancy",
        "q07_mind_and_pain_clinics",
        "r03_neuro_stroke_aneurysm",
        "s04_epidural_abscess",
        "t03_larkfield_sleep",
        "u02_bloodcrit",
        "v07_psychiatry_lithium_clozapine",
        "w05_stroke_ward",
        "x04_op_path_p_6218",
        "y03_payer_airway_biologics",
        "za6_nightlist",
        "zb4_migraine",
        "zc4_pneumonia",
        "zg7_stay",
    )
)
"""Folders beside this file that the reader is never trained on: what else it weighs is fitted there, and the choice made."""
MOST = 16
"""Passages kept a question."""
Row = dict[str, Any]


def lines(path: Path) -> list[Row]:
    """The objects of a JSON-lines file, gzipped or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def folded(text: str) -> str:
    """Letters and digits alone, so that wrapped lines, cells and marks do not part what is the same."""
    return " ".join(re.sub(r"[\W_]+", " ", text.lower()).split())


def same(gold: str, text: str) -> bool:
    """Whether a sentence and a gold quotation share a run of words, five at least and half of the shorter one.

    Of a table's row the sentence has to hold every cell.
    """
    a, b = folded(gold), folded(text)
    if a in b or (b in a and len(b.split()) >= min(2, len(a.split()))):
        return True
    cells = [cell for part in re.split("[|;,]", gold) if (cell := folded(part))]
    if len(cells) > 2 and all(cell in b for cell in cells):
        return True
    one, two = a.split(), b.split()
    size = max(5, min(len(one), len(two)) // 2)
    runs = {tuple(two[at : at + size]) for at in range(len(two) - size + 1)}
    return any(tuple(one[at : at + size]) in runs for at in range(len(one) - size + 1))


def windows_of(hits: Iterable[Hit], index: Index, label: Any) -> Iterator[Row]:
    """The hits' passages as rows; `label` is called with document and start and end of a sentence."""
    for rank, hit in enumerate(hits):
        document = index.documents[hit.chunk.span.document]
        places = index.sentences(hit.chunk.span)
        yield {
            "document": document.name,
            "header": header(document, hit.chunk.span.start),
            "rank": rank,
            "score": round(hit.score, 4),
            "sentences": [[a, b, " ".join(document.text[a:b].split()), label(document, a, b)] for a, b in places],
        }


def of_folders(file: Path) -> Iterator[Row]:
    """Questions over folders beside the file, with evidence and near misses."""
    by: dict[tuple[str, ...], list[Row]] = {}
    for row in lines(file):
        by.setdefault(tuple(row["docs"]), []).append(row)
    pipeline, artifacts = wide(), Artifacts()
    for docs, group in by.items():
        index = pipeline.prepare(documents_at([file.parent / place for place in docs]), artifacts)
        for row in group:
            gold, near = row.get("evidence") or [], row.get("near") or []

            def label(document: Document, start: int, end: int, gold: list[Row] = gold, near: list[Row] = near) -> int:
                text, name = document.text[start:end], Path(document.name).name
                if any(one["document"] == name and same(one["quote"], text) for one in gold):
                    return 1
                return -int(any(one["document"] == name and same(one["quote"], text) for one in near))

            hits = pipeline.search(row["question"], index).hits
            made = {key: row.get(key) for key in ("id", "question", "kind", "register", "needs_all", "evidence", "docs")}
            yield {**made, "unanswerable": bool(row["unanswerable"]), "windows": list(windows_of(hits, index, label))}


def of_covidqa(folder: Path) -> Iterator[Row]:
    """Questions over long articles; a sentence that touches the answer's span answers."""
    documents = [Document(row["id"], row["text"], title=row.get("title") or "") for row in lines(folder / "corpus.jsonl.gz")]
    pipeline, artifacts = wide(), Artifacts()
    index = pipeline.prepare(documents, artifacts)
    for row in lines(folder / "queries.jsonl"):

        def label(document: Document, start: int, end: int, row: Row = row) -> int:
            mine = document.name == row["doc_id"]
            return int(mine and any(start < span["end"] and span["start"] < end for span in row["spans"]))

        windows = list(windows_of(pipeline.search(row["text"], index).hits, index, label))
        if any(sentence[3] for window in windows for sentence in window["sentences"]):
            yield {"id": f"covidqa-{row['id']}", "question": row["text"], "unanswerable": False, "windows": windows}


def of_clapnq(folder: Path) -> Iterator[Row]:
    """Questions to one passage; a sentence of which the human answer repeats most answers."""
    for row in lines(folder / "tasks.jsonl"):
        text = re.sub(r" ([.,;:!?'])", r"\1", row["source"]).replace("`` ", '"').replace(" ''", '"')
        index = wide().prepare([Document(row["source_title"], text, title=row["source_title"])], Artifacts())
        answer = set(terms(row["answer"] or ""))

        def label(document: Document, start: int, end: int, answer: set[str] = answer, row: Row = row) -> int:
            own = terms(document.text[start:end])
            return int(row["answerable"] and len(own) > 2 and sum(term in answer for term in own) >= 0.7 * len(own))

        windows = list(windows_of([Hit(chunk, 0.0) for chunk in index.chunks], index, label))
        told = any(sentence[3] for window in windows for sentence in window["sentences"])
        if told or not row["answerable"]:
            unanswerable = not row["answerable"]
            yield {"id": f"clapnq-{row['id']}", "question": row["question"], "unanswerable": unanswerable, "windows": windows}


def of_passages(folder: Path, most: int) -> Iterator[Row]:
    """MedQuAD: a page's question and its answer among the other pages about the same thing; known as a whole only."""
    by: dict[str, list[Row]] = {}
    for row in lines(folder / "corpus.jsonl.gz"):
        if 150 < len(row["text"]):
            by.setdefault(row["meta"]["focus"], []).append({**row, "text": row["text"][:1400]})
    groups = [group for group in by.values() if len(group) > 2]
    random.Random(1).shuffle(groups)
    made = 0
    for group in groups:
        index = wide().prepare([Document(row["id"], row["text"]) for row in group], Artifacts())
        for row in random.Random(2).sample(group, min(2, len(group))):

            def label(document: Document, start: int, end: int, row: Row = row) -> int:
                return 2 * int(document.name == row["id"])

            hits = [Hit(chunk, 0.0) for chunk in index.chunks]
            hits.sort(key=lambda hit: (hit.chunk.span.document != row["id"], hit.chunk.span.start))
            question = row["title"].replace(" ?", "?").replace("is (are)", "is")
            yield {
                "id": row["id"],
                "question": question,
                "unanswerable": False,
                "windows": list(windows_of(hits[:8], index, label)),
            }
            made += 1
            if made == most:
                return


def of_pubmedqa(folder: Path) -> Iterator[Row]:
    """Research questions; the gold abstract answers as a whole."""
    documents = [Document(row["id"], row["text"]) for row in lines(folder / "corpus.jsonl.gz")]
    pipeline = wide()
    index = pipeline.prepare(documents, Artifacts())
    for row in lines(folder / "queries.jsonl"):
        windows = list(
            windows_of(pipeline.search(row["text"], index).hits, index, lambda d, a, b, row=row: 2 * (d.name == row["id"]))
        )
        if any(sentence[3] for window in windows for sentence in window["sentences"]):
            yield {"id": f"pubmedqa-{row['id']}", "question": row["text"], "unanswerable": False, "windows": windows[:8]}


def wide() -> Pipeline:
    """The default pipeline, which hands on more passages."""
    pipeline = Pipeline()
    return pipeline.model_copy(update={"rerank": pipeline.rerank.model_copy(update={"top": MOST})})


def main() -> None:
    """Writes the windows of every set named."""
    with Path(sys.argv[1]).open("w") as out:
        for named in sys.argv[2:]:
            name, _, folder = named.partition(":")
            ways = {"covidqa": of_covidqa, "clapnq": of_clapnq, "pubmedqa": of_pubmedqa}
            if name == "medquad":
                found = of_passages(Path(folder), 1500)
            else:
                found = ways[name](Path(folder)) if folder else of_folders(Path(named))
            for row in found:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
