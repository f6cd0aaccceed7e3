"""The conversations of the service, in memory alone: so many at most, none for longer than it is used, each for one key."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.errors import SettingProblem
from rag.pipeline.follow import Turn

MOST = 1000  # Conversations; the one that was used longest ago goes first.
MOST_TURNS = 20  # Questions of one; the first goes first.
IDLE = 3600.0  # Seconds after its last question for which one is kept.
NEW = "new"


class UnknownConversation(SettingProblem):
    """A conversation that is not there, or is another key's."""


@dataclass
class _Conversation:
    owner: str
    used: float
    turns: tuple[Turn, ...] = ()


@dataclass
class Conversations:
    """What was asked in each conversation. Whoever asks with another key does not learn that one is there."""

    clock: Callable[[], float] = time.monotonic
    _kept: "OrderedDict[str, _Conversation]" = field(default_factory=OrderedDict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def turns(self, name: str, key: str = "") -> tuple[Turn, ...]:
        """The questions of a conversation so far; none of a new one. Raises UnknownConversation."""
        with self._lock:
            return () if name == NEW else self._of(name, key).turns

    def add(self, name: str, turn: Turn, key: str = "") -> str:
        """Adds a question, and gives the name of the conversation: of a new one it cannot be guessed."""
        with self._lock:
            if name == NEW:
                name = secrets.token_urlsafe(24)
                self._kept[name] = _Conversation(_owner(key), self.clock())
            found = self._kept.get(name)  # Where it went meanwhile, the answer is given all the same.
            if found is not None:
                found.turns = (*found.turns, turn)[-MOST_TURNS:]
                found.used = self.clock()
                self._kept.move_to_end(name)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return name

    def _of(self, name: str, key: str) -> _Conversation:
        while self._kept and self.clock() - next(iter(self._kept.values())).used > IDLE:
            self._kept.popitem(last=False)
        found = self._kept.get(name)
        if found is None or not secrets.compare_digest(found.owner, _owner(key)):
            raise UnknownConversation(
                f"No such conversation. One is kept for {IDLE / 60:.0f} minutes after its last question, in memory alone. "
                f'Begin another one: send "conversation": "{NEW}".'
            )
        return found


def _owner(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
