"""Card: what a reader should know of an embedder before choosing it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """`dimension` and `limit` (tokens) are None where not known yet; `host` is where text would go, empty where it stays."""

    dimension: int | None
    limit: int | None
    megabytes: float
    licence: str
    here: bool
    host: str = ""

    def __str__(self) -> str:
        parts = [
            f"{self.dimension} numbers a text" if self.dimension else "dimension learned at the first call",
            f"reads {self.limit:,} tokens" if self.limit else "",
            f"{self.megabytes:,.0f} MB" if self.megabytes else "",
            self.licence,
        ]
        place = "on this machine" if self.here else "not on this machine yet"
        parts.append(f"text would go to {self.host}" if self.host else f"{place}, text stays here")
        return " · ".join(part for part in parts if part)
