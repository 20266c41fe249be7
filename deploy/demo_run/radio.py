"""A slow radio link between two daemons, which can be in reach or not.

The laptop dials the radio's port; while the radio is on, it passes bytes to the other daemon and back at a
bounded rate and counts them. While it is off, nothing listens on the port.
"""
import socket
import threading
import time

_CHUNK = 8192
_SOCKET_BUFFER = 16384  # small, so that bytes not yet passed on are still with their sender


class Radio:
    def __init__(self, bytes_per_second, target):
        """`target()` is the port of the daemon at the far end at this moment."""
        self.rate = bytes_per_second
        self._target = target
        # Bound but not listening: keeps the port ours while the radio is off.
        self._placeholder = self._bound(0)
        self.port = self._placeholder.getsockname()[1]
        self._changed = threading.Condition()
        self._listener = None
        self._sockets = set()
        self._passed = {"to": 0, "from": 0}

    def switch_on(self):
        with self._changed:
            self._passed = {"to": 0, "from": 0}
            self._listener = self._bound(self.port)
            self._listener.listen()
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def switch_off(self):
        with self._changed:
            listener, self._listener = self._listener, None
            sockets, self._sockets = self._sockets, set()
        if listener:
            _end(listener)
            listener.close()
        for each in sockets:
            _end(each)

    def wait_until_passed(self, direction, count, deadline_s):
        """Waits until `count` bytes went "to" the far end or came "from" it; false when that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._passed[direction] >= count, deadline_s)

    def passed(self, direction):
        """How many bytes went "to" the far end, or came "from" it, since the radio was switched on."""
        with self._changed:
            return self._passed[direction]

    def close(self):
        self.switch_off()
        self._placeholder.close()

    @staticmethod
    def _bound(port):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
        made.bind(("127.0.0.1", port))
        return made

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket()
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
            try:
                far.connect(("127.0.0.1", self._target()))
            except OSError:  # that daemon has just been killed
                near.close()
                far.close()
                continue
            with self._changed:
                if self._listener is not listener:
                    near.close()
                    far.close()
                    return
                self._sockets |= {near, far}
            for source, sink, direction in ((near, far, "to"), (far, near, "from")):
                threading.Thread(target=self._pass_on, args=(source, sink, direction), daemon=True).start()

    def _pass_on(self, source, sink, direction):
        free_at = time.monotonic()
        try:
            while data := source.recv(_CHUNK):
                # The air is busy for as long as the bytes take.
                free_at = max(free_at, time.monotonic()) + len(data) / self.rate
                time.sleep(max(0.0, free_at - time.monotonic()))
                sink.sendall(data)
                with self._changed:
                    self._passed[direction] += len(data)
                    self._changed.notify_all()
        except OSError:
            pass
        for each in (source, sink):
            _end(each)
        with self._changed:
            self._sockets -= {source, sink}


def _end(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
