"""Plan: what a change will compute before the next question, for how many and about how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A part of a plan: what would be done for how many, and about how many seconds, or None where it never ran."""

    stage: str
    units: int
    what: str
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """What a pipeline would compute for a corpus before it can be asked. Empty means: at once.

    `warning` says what is wrong with the passages that it would compute with; mostly nothing.
    """

    work: tuple[Work, ...] = ()
    warning: str = ""

    @property
    def seconds(self) -> float | None:
        """About how long it takes in all, or None where a part never ran."""
        times = [part.seconds for part in self.work]
        return None if None in times else sum(second for second in times if second is not None)

    def __str__(self) -> str:
        if not self.work:
            return "Nothing to recompute: takes effect at once."
        about = "time not known yet" if self.seconds is None else f"about {_duration(self.seconds)}"
        return f"{', '.join(part.what for part in self.work)}: {about}."


def amount(number: int, thing: str) -> str:
    """A number with its noun: "1 passage", "2,580 passages"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
