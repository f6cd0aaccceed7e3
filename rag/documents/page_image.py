"""The image of a PDF page with a quotation marked on it."""

import base64
import json

from rag.documents.child import Stopped, slowed
from rag.documents.load.pdf.isolated import Reader
from rag.documents.load.pdf.picture import SCRIPT

SECONDS = 10.0  # on a machine that has nothing else to do
MEMORY = 768  # megabytes


def page_image(data: bytes, page: int, quote: str, scale: float = 1.6) -> tuple[bytes, bool]:
    """A PNG of a page (1-based) and whether the quotation was found on it; then it is marked.

    The quotation is found by its letters and digits alone, because two readers of a PDF rarely agree on its blanks. The page
    is drawn in a process of its own within bounds on time and memory, and smaller where it would be very large.
    Raises ValueError for a page that is not there or cannot be drawn.
    """
    wanted = json.dumps({"page": page, "quote": quote, "scale": scale}).encode() + b"\n"
    reader = Reader(SCRIPT, wanted + data, memory=MEMORY)
    try:
        told = [json.loads(line) for line in reader.messages(SECONDS * slowed())]
    except Stopped as stopped:
        raise ValueError(f"page {page} cannot be drawn ({stopped})") from None
    finally:
        reader.close()
    if not told or "png" not in told[0]:
        problem = told[0]["problem"] if told else "nothing was drawn"
        raise ValueError(f"page {page} cannot be drawn ({problem})")
    return base64.b64decode(told[0]["png"]), told[0]["found"]
