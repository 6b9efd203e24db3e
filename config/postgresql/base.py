"""A server that no longer answers is given up within seconds.

The server cannot end a wait for itself while it is frozen, and the driver waits for ever. So the
check that Django makes before it uses a kept connection has a limit on this side: after it the
socket is closed, the driver wakes, and Django connects anew, which has a limit of its own. What
connected in vain does not try again at once: a page asks several times on its way to an answer.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Any

from django.db.backends.postgresql import base

#: Seconds for an answer to the first question of a request.
ANSWERS_WITHIN = 1.0
#: Seconds for which nobody asks a server that did not answer a new connection.
TAKEN_AS_FROZEN = 1.0


@contextmanager
def hung_up_after(seconds: float, connection: Any) -> Iterator[None]:
    """Closes the socket of a psycopg2 connection unless the block ends before."""
    lock, ended = Lock(), False
    # A copy, so that the number cannot mean another file by then.
    line = socket.socket(fileno=os.dup(connection.fileno()))

    def hang_up() -> None:
        with lock:
            if not ended:
                line.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            ended = True
        line.close()


class DatabaseWrapper(base.DatabaseWrapper):
    #: The time, by the monotonic clock, until which this thread takes the server as frozen.
    frozen_until = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        began = time.monotonic()
        if began < self.frozen_until:
            raise self.Database.OperationalError("PostgreSQL did not answer a moment ago")
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            ended = time.monotonic()
            # Who is refused at once may be let in at once.
            if ended - began > ANSWERS_WITHIN:
                self.frozen_until = ended + TAKEN_AS_FROZEN
            raise

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        try:
            with hung_up_after(ANSWERS_WITHIN, self.connection):
                usable: bool = super().is_usable()
                return usable
        except OSError:  # its socket is gone already
            return False
