"""Where messages come out: puts parts together, checks digests, and counts what came twice."""
import pathlib
import threading

import messages


class Desk:
    def __init__(self, expected, on_complete):
        """`expected` are all messages there are; `on_complete(message)` is called when all of one is there."""
        self._expected = {message.id: message for message in expected}
        self._on_complete = on_complete
        self._changed = threading.Condition()
        self._parts = {}  # (id of our message, part) -> id of the message that brought it
        self._unacknowledged = set()
        self.complete = set()
        self.duplicates = 0
        self.handed_out_again = 0
        self.digest_mismatches = 0

    def take(self, line):
        """`line` is what `tram message receive` said about one message."""
        part = messages.unpack(pathlib.Path(line["file"]).read_bytes())
        key = (part.message_id, part.index)
        with self._changed:
            if key in self._parts:
                self._came_again(key, line["message_id"])
            else:
                self._parts[key] = line["message_id"]
                self._check(part)
            if not line["acknowledged"]:
                self._unacknowledged.add(line["message_id"])
            self._changed.notify_all()

    def wait_for(self, wanted, deadline_s):
        """Waits until all messages in `wanted` are complete; false when that takes too long."""
        ids = {message.id for message in wanted}
        with self._changed:
            return self._changed.wait_for(lambda: ids <= self.complete, deadline_s)

    def _came_again(self, key, tram_id):
        # A bundle whose acknowledgement was lost in a crash is handed out again under the same id, and the
        # application recognises it. Anything else is a duplicate.
        if self._parts[key] == tram_id and tram_id in self._unacknowledged:
            self._unacknowledged.discard(tram_id)
            self.handed_out_again += 1
        else:
            self.duplicates += 1

    def _check(self, part):
        message = self._expected.get(part.message_id)
        if message is None or part.index >= len(message.parts) or message.parts[part.index].digest != part.digest:
            self.digest_mismatches += 1
            del self._parts[(part.message_id, part.index)]
            return
        if all((message.id, index) in self._parts for index in range(len(message.parts))):
            self.complete.add(message.id)
            self._on_complete(message)
