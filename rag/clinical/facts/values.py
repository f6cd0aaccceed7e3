"""Values: laboratory results, vital signs and scores, each with its unit, range and flag, by `rules/facts_values.json`.

stream      the tokens of a text and the numbers that they make
units       the units behind numbers, compounds too, in one form
analytes    what the rules name, with units and forms
readings    the number of an analyte at one place, in each form that numbers have
beside      flag, range and unit behind a number
scan        what is known of a text on the way through it
columns     values below a header, `behind` their names, and `ahead` of them
"""

from collections.abc import Iterator

from rag.clinical.facts.ahead import ahead_of_names
from rag.clinical.facts.analytes import Analyte
from rag.clinical.facts.behind import behind_names
from rag.clinical.facts.columns import Cell, headed
from rag.clinical.facts.readings import Reading
from rag.clinical.facts.scan import Scan, scan
from rag.clinical.facts.types import Value
from rag.values import Document


def values(document: Document) -> Iterator[Value]:
    """The values of a text, first those of its tables with a header, then those behind their names, then the others."""
    through = scan(document)
    yield from _in_columns(through)
    yield from behind_names(through)
    yield from ahead_of_names(through)


def _in_columns(through: Scan) -> Iterator[Value]:
    """The values in the cells below a header that names their analytes."""
    for cell in headed(through.words, through.named):
        found = through.read(cell.place, cell.analytes) or _of_column(through, cell)
        if found:
            analyte, reading = found
            own = through.is_bare(reading) and cell.unit in analyte.factors
            yield through.value(analyte, reading._replace(unit=cell.unit) if own else reading, cell=True)[0]


def _of_column(through: Scan, cell: Cell) -> tuple[Analyte, Reading] | None:
    """A number that is plausible only in the unit of its column."""
    analyte = next((one for one in cell.analytes if cell.unit and cell.unit in one.factors), None)
    amount = through.words.amounts[cell.place]
    return (analyte, Reading(cell.place, amount.last, amount.number, cell.unit)) if analyte and not amount.form else None
