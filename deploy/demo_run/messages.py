"""The messages of the demo: what is sent, by whom, and how it is packed into bundles.

A message is a form (its line of messages.jsonl, byte for byte) and attachments. Each of these parts travels as
one message of its own, sealed unless it is part of a notice: a line of JSON saying what it is, and then the bytes.
"""
import dataclasses
import hashlib
import json
import random

# What happens when: 1 the kiosk's first visit, 2 the server's answers, 3 what the kiosk reports about them.
_ROUNDS = {"custody": 1, "delivered": 2, "official": 2, "announced": 3, "handed_over": 3}
_TRAM_KINDS = {"request": "request", "supplement": "update", "result": "update", "notice": "notice",
               "receipt": "receipt"}


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    content: bytes
    kind: str

    @property
    def digest(self):
        return hashlib.sha256(self.content).hexdigest()


@dataclasses.dataclass(frozen=True)
class Message:
    id: str
    kind: str
    title: str
    urgency: int
    round: int
    parts: list

    @property
    def is_public(self):
        """Notices are for everybody: signed, but not sealed."""
        return self.kind == "notice"

    @property
    def secret(self):
        """What nobody else may read: the form, as far as it is the same however it is packed."""
        return self.parts[0].content[:200]

    @property
    def attachment_count(self):
        return len(self.parts) - 1

    @property
    def size(self):
        return sum(len(part.content) for part in self.parts)


@dataclasses.dataclass(frozen=True)
class Received:
    """One part as it came out of a bundle."""
    message_id: str
    index: int
    digest: str


def load(path):
    with open(path, "rb") as file:
        lines = [line.rstrip(b"\n") for line in file if line.strip()]
    parsed = [json.loads(line) for line in lines]
    procedures = {fields["local_no"]: fields["proc_name"] for fields in parsed if fields["kind"] == "request"}
    return [_message(line, fields, procedures) for line, fields in zip(lines, parsed)]


def samples(path):
    """A birth registration with its scans, and the most urgent notice."""
    parsed = [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    births = (fields for fields in parsed if fields["kind"] == "request" and fields["proc"] == "1.001193")
    notices = [fields for fields in parsed if fields["kind"] == "notice"]
    return next(births), max(notices, key=lambda fields: fields["priority"])


def pack(message, index):
    part = message.parts[index]
    header = {"message": message.id, "part": index, "parts": len(message.parts), "name": part.name}
    return json.dumps(header).encode() + b"\n" + part.content


def unpack(payload):
    header, _, content = payload.partition(b"\n")
    fields = json.loads(header)
    return Received(fields["message"], fields["part"], hashlib.sha256(content).hexdigest())


def _message(line, fields, procedures):
    kind = fields["kind"]
    identity = hashlib.sha256(line).hexdigest()[:32]
    parts = [Part("form.json", line, _TRAM_KINDS[kind])]
    # Attachments are bulk, so that the forms of all messages go before them.
    parts += [Part(name, _made_up(identity, name, size), "bulk") for name, size in _attachments(fields)]
    return Message(identity, kind, _title(fields, procedures), fields.get("priority", 0), _round(fields), parts)


def _round(fields):
    if fields["kind"] == "receipt":
        return _ROUNDS[fields["type"]]
    return 1 if fields["kind"] == "request" else 2


def _attachments(fields):
    """Names and sizes of what the message says it has attached."""
    for attachment in fields.get("att", []):
        yield attachment["name"], attachment["bytes"]
    file = fields.get("file")
    if file and file["bytes"] > 0:
        yield "ket_qua." + file["type"], file["bytes"]
    for audio in fields.get("audio", []):
        yield "loi_doc_" + audio["lang"] + ".ogg", audio["bytes"]


def _made_up(identity, name, size):
    return random.Random(identity + "/" + name).randbytes(size)


def _title(fields, procedures):
    """What it is about, without anybody's name or number."""
    kind = fields["kind"]
    if kind == "request":
        return fields["proc_name"]
    if kind == "supplement":
        return fields["form"] + ", bổ sung hồ sơ: " + procedures[fields["local_no"]]
    if kind == "notice":
        return fields["doc_type"] + ": " + fields["title"]
    return fields["title"] if kind == "result" else fields["text_vi"]
