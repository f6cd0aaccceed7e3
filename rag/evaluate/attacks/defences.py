"""What stands between an attack and the reader of an answer, one by one and all together, as settings of a pipeline."""

from dataclasses import dataclass

from rag.documents.entry import Entry
from rag.documents.screen import Screen
from rag.evaluate.attacks.planting import Planted
from rag.pipeline import Pipeline
from rag.stages.answer.chat import Chat
from rag.stages.prompt import Cited
from rag.stages.verify.quotations import Quotations
from rag.values import Document, Screened


@dataclass(frozen=True)
class Defence:
    """Which of the defences hold: documents are screened, sources marked, statements withheld, what is shown is text alone."""

    name: str
    about: str
    screen: bool = False
    flags: bool = False
    marking: bool = False
    contract: bool = False
    validator: bool = False
    escaping: bool = False

    def pipeline(self, pipeline: Pipeline, answer: Chat | None) -> Pipeline:
        """The pipeline with these defences and no others; its own answerer where none is given."""
        verify = pipeline.verify if isinstance(pipeline.verify, Quotations) else Quotations()
        withhold = "not carried" if self.validator else "without a source" if self.contract else "nothing"
        changed = {
            "prompt": Cited(marking="delimiters" if self.marking else "none"),
            "verify": verify.model_copy(update={"withhold": withhold}),
            **({"answer": answer} if answer else {}),
        }
        return pipeline.model_copy(update=changed)

    def documents(self, planted: Planted, screen: Screen) -> list[Document]:
        """The documents that are asked: all, those that the screen lets through, or all with what it found flagged in them."""
        if not (self.screen or self.flags):
            return list(planted.documents)
        read = ((one, screen(one) if one.name in planted.changed else None) for one in planted.documents)
        if self.flags:
            return [_usable(one, found) for one, found in read]
        return [_usable(one, found) for one, found in read if found is None or found.status == "released"]


SCREENED = "documents with an instruction, hidden text or an identifier wait for a person"
DEFENCES = (
    Defence("none", "documents are read as they are, and what the model writes is shown as it is"),
    Defence("screen", SCREENED, screen=True),
    Defence("flags", "they were released all the same: what was found in them is left out of the prompt", flags=True),
    Defence("marking", "sources stand between marks that no document can know", marking=True),
    Defence("contract", "a statement without a source that was given is withheld", contract=True),
    Defence("validator", "so is one that its sources do not carry", contract=True, validator=True),
    Defence("escaping", "what is shown or exported is text alone: no link, no markup, no formula", escaping=True),
    Defence("all but the screen", "all of these, for what the screen let through", marking=True, contract=True, validator=True,
            flags=False, escaping=True),
    Defence("all", "all of these, as shipped", screen=True, marking=True, contract=True, validator=True, escaping=True),
)  # fmt: skip


def _usable(document: Document, found: Screened | None) -> Document:
    """A document as it is indexed once it is released, with the stretches that nobody should trust."""
    return document if found is None else Entry(document, found.findings, "released").usable
