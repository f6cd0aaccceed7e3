"""Whole answers against gold labels: cited pages and spans, and refusal where the gold document is left out."""

from statistics import median

from rag.documents.load import read
from rag.evaluate.measures import evidence_recall
from rag.pipeline import Pipeline
from rag.values import Document, Span
from tests.bench.corpora import Settings, from_texts, model_needed, prepared, rows
from tests.bench.figures import Figure, at_least, auroc, mean, share


def cdc(settings: Settings) -> list[Figure]:
    """Whether the first citation, and any of the first five passages, stands on a gold page; what is refused."""
    folder = settings.folder("cdc_pdfs")
    model_needed()
    pipeline = Pipeline()
    documents = [document for path in sorted(folder.glob("*.pdf")) for document in read(path)]
    index = prepared(pipeline, documents, settings.artifacts("cdc"))
    first, five, refused, refused_wrongly = [], [], [], []
    for row in rows(folder / "questions.jsonl"):
        answer = pipeline.ask(row["text"], index)
        if row["kind"] == "unanswerable":
            refused.append(answer.refused)
            continue
        refused_wrongly.append(answer.refused)
        gold = {(evidence["pdf"], evidence["page"]) for evidence in row["evidence"]}
        cited = [(citation.span.document, citation.page) for claim in answer.claims for citation in claim.citations]
        first.append(bool(cited) and cited[0] in gold)
        five.append(any((hit.chunk.span.document, hit.chunk.page) in gold for hit in answer.hits[:5]))
    return [
        share("first citation on a gold page", first, at_least(0.85)),
        share("gold page among the first 5 passages", five),
        share("unanswerable refused", refused, at_least(0.5)),
        share("answerable refused", refused_wrongly),
    ]


def quoted(settings: Settings) -> list[Figure]:
    """Whether what the extractive answer quotes first, and anything that it quotes, touches the gold span; how much it quotes."""
    folder = settings.folder("covidqa")
    model_needed()
    originals = {row["id"]: row["text"] for row in rows(folder / "corpus.jsonl.gz")}
    documents = from_texts(originals)
    same = {document.name for document in documents if document.text == originals[document.name.removesuffix(".txt")]}
    questions = [row for row in rows(folder / "queries.jsonl") if f"{row['doc_id']}.txt" in same]
    pipeline = Pipeline()
    index = prepared(pipeline, documents, settings.artifacts("covidqa"))
    first, anywhere, statements, lengths, times = [], [], [], [], []
    for row in questions:
        gold = [Span(f"{row['doc_id']}.txt", span["start"], span["end"]) for span in row["spans"]]
        answer = pipeline.ask(row["text"], index)
        cited = [citation for claim in answer.claims for citation in claim.citations]
        touching = [(evidence_recall([citation.span], gold) or 0.0) > 0 for citation in cited]
        first.append(any(touching[:1]))
        anywhere.append(any(touching))
        statements.append(float(len(answer.claims)))
        lengths += [float(len(citation.quote.split())) for citation in cited]
        times.append(answer.ms["answer"])
    return [
        share("first citation touches the answer", first),
        share("any citation touches the answer", anywhere),
        mean("statements in an answer", statements),
        mean("words in a quotation", lengths),
        Figure("answer stage, median", median(times), "ms", n=len(times)),
    ]


def refusal(settings: Settings) -> list[Figure]:
    """How well confidence parts questions whose document is there from those whose document was left out."""
    pubmed, covid = settings.folder("pubmedqa"), settings.folder("covidqa")
    model_needed()
    questions = rows(pubmed / "queries.jsonl")
    names = sorted(row["id"] for row in questions)
    kept = set(names[1::2])
    abstracts = {
        row["id"]: f"{row['title']}\n{row['text']}"
        for row in rows(pubmed / "corpus.jsonl.gz")
        if row["id"] in kept or row["id"] not in names
    }
    asked = [(row["text"], row["id"] in kept) for row in questions]
    figures = _refusal(settings, "other topics", from_texts(abstracts), asked)

    questions = rows(covid / "queries.jsonl")
    left_out = set(sorted({row["doc_id"] for row in questions})[::2])
    articles = {row["id"]: row["text"] for row in rows(covid / "corpus.jsonl.gz") if row["id"] not in left_out}
    asked = [(row["text"], row["doc_id"] not in left_out) for row in questions]
    figures += _refusal(settings, "same topic", from_texts(articles), asked)
    both = [figure.value for figure in figures if figure.name.startswith("AUROC")]
    return [*figures, Figure("AUROC, mean of both", sum(both) / len(both))]


def _refusal(settings: Settings, name: str, documents: list[Document], asked: list[tuple[str, bool]]) -> list[Figure]:
    pipeline = Pipeline()
    index = prepared(pipeline, documents, settings.artifacts("refusal"))
    answers = [(pipeline.ask(question, index), there) for question, there in asked]
    present = [answer for answer, there in answers if there]
    absent = [answer for answer, there in answers if not there]
    return [
        auroc(f"AUROC, {name}", [answer.confidence for answer in present], [answer.confidence for answer in absent]),
        share(f"answered though absent, {name}", (not answer.refused for answer in absent)),
        share(f"refused though present, {name}", (answer.refused for answer in present)),
    ]
