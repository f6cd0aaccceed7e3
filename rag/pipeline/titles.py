"""What stages, options and settings are called where people read of them; JSON and errors keep their names there."""

TITLES = {
    "chunk": "Chunking",
    "embed": "Embedding",
    "index": "Index",
    "scope": "Scope",
    "expand": "Query",
    "retrieve": "Retrieval",
    "rerank": "Reranking",
    "refuse": "Refusal",
    "prompt": "Prompt",
    "answer": "Answer",
    "verify": "Verification",
    "defer": "Deferral",
}

MENU: dict[str, dict[str, tuple[str, str]]] = {
    "chunk": {
        "sections": ("Sections", "under their headings"),
        "words": ("Words", "so many at a time"),
        "sentences": ("Sentences", "so many at a time"),
        "tokens": ("Tokens", "as the embedder counts"),
        "characters": ("Characters", "LangChain's splitter"),
        "parents": ("Small in large", "finds small, reads wide"),
        "window": ("Sentence window", "reads around it"),
        "semantic": ("Change of subject", "by vectors, slow"),
        "rows": ("Table rows", "with their header"),
        "criteria": ("Policy criteria", "each with its number"),
        "whole": ("Whole document", "not divided"),
    },
    "embed": {
        "minilm": ("MiniLM", "meaning, on this machine"),
        "static": ("Static vectors", "45 × faster, less exact"),
        "hashing": ("Hashed words", "no meaning, the floor"),
        "fastembed": ("Catalogue", "fastembed, on this machine"),
        "langchain": ("Provider", "sends text away"),
        "endpoint": ("Server", "OpenAI-compatible, by URL"),
    },
    "index": {
        "exact": ("Exact", "misses nothing"),
        "hnsw": ("Graph (HNSW)", "fast, may miss some"),
        "ivf": ("Lists (IVF)", "quickly built, may miss"),
        "ivfpq": ("Packed lists (IVF-PQ)", "for millions"),
        "store": ("Database", "PostgreSQL or Milvus"),
    },
    "scope": {
        "named": ("From the question", "patient, documents"),
        "everything": ("Everything", "the baseline"),
    },
    "expand": {
        "clinical": ("Clinical names", "abbreviations, brands"),
        "asked": ("As asked", "the baseline"),
        "feedback": ("First results", "adds their telling words"),
        "rewrite": ("Rewritten", "by a chat model"),
        "queries": ("Several queries", "by a chat model"),
        "decompose": ("Taken apart", "by a chat model"),
        "hyde": ("Invented passage", "by a chat model"),
    },
    "retrieve": {
        "convex": ("Words + meaning", "weighed together"),
        "reciprocal": ("Words + meaning by rank", "no weights"),
        "terms": ("Words", "BM25 alone"),
        "dense": ("Meaning", "vectors alone"),
    },
    "rerank": {
        "keep": ("As found", "the baseline"),
        "diverse": ("Diverse", "unlike those before"),
        "reader": ("Best sentence", "the project's reader"),
        "late": ("Late interaction", "compares word by word"),
        "fitted": ("Fitted", "on your own questions"),
        "cross": ("Cross-encoder", "reads pairs, slow"),
        "compressor": ("Compressor", "LangChain"),
        "judge": ("Judge", "a chat model grades each"),
    },
    "refuse": {
        "evidence": ("On weak evidence", "says what is missing"),
        "never": ("Never", "always answers"),
    },
    "prompt": {
        "cited": ("With citations", "numbered sources, rules"),
        "plain": ("Plain", "passages and question"),
    },
    "answer": {
        "quote": ("Quotations", "word for word, no model"),
        "chat": ("Chat model", "writes and cites"),
    },
    "verify": {
        "quotations": ("Quotations", "looked up in the source"),
        "overlap": ("Shared words and numbers", "rewordings"),
        "facts": ("Facts", "doses, values, sides, negations"),
    },
    "defer": {
        "rules": ("By rules", "a person must look"),
        "never": ("Never", "marks no answer"),
    },
}

LABELS = {"top": "Passages kept (top)", "conflict": "Documents differ", "unsupported": "Unsupported statement"}
"""What a setting is called where its name in the JSON does not say it."""


def label(field: str) -> str:
    """What a setting is called beside its control."""
    return LABELS.get(field) or field.replace("_", " ").capitalize()


def title(stage: str, kind: str) -> str:
    """The plain title of an option."""
    return MENU[stage][kind][0]


def line(stage: str, kind: str) -> str:
    """The title with what the option does, on one line of a menu."""
    return " · ".join(MENU[stage][kind])


def setting(stage: str, field: str) -> str:
    """A setting with its stage: "Reranking · Depth"."""
    return f"{TITLES[stage]} · {label(field)}"
