"""HTTP that waits only so long for a whole request, so that half-sent ones do not hold the service's connections."""

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 15.0
TOLD = json.dumps({"error": f"The request did not arrive whole within {PATIENCE:.0f} seconds. Send it again."}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(TOLD)).encode()), (b"connection", b"close")]


class Patient(H11Protocol):
    """Head and body of a request have to be there in time, counted from the connection or from the request's first byte."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Begins to wait where a request is not whole; bytes that trickle in do not lengthen that."""
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._done()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(PATIENCE, self._give_up)

    def _done(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        begun = self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]
        if begun and self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            for event in (h11.Response(status_code=408, headers=HEADERS), h11.Data(data=TOLD), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
