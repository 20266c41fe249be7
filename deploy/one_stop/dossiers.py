"""Messages of proto/tram/admin.proto as JSON with the keys of proto/admin/values.h, and back."""
import datetime
import hashlib
import mimetypes
import pathlib
import re

from tram_api import TramError, admin
from google.protobuf.message import DecodeError

CONTENT_TYPE = "application/x-tram-message"

_VERSION = 1
_MESSAGE_BYTES_MAX = 256 << 10
# As proto/admin/names.h has it; nothing else may become the name of a directory.
_LOCAL_NUMBER = re.compile(r"[0-9]{5}-[a-z0-9][a-z0-9-]{0,47}(\.[0-9a-z]{6})?-[0-9]{6,9}")
_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "audio/ogg": ".ogg",
            "audio/mpeg": ".mp3", "text/plain": ".txt"}

_PURPOSES = {0: "", 1: "supplement", 2: "withdrawal"}
_UPDATE_KINDS = {"progress": 1, "supplement": 2, "result": 3, "refusal": 4, "delay": 5}
_TITLES = {1: "trạng thái hồ sơ", 2: "yêu cầu bổ sung", 3: "kết quả", 4: "từ chối tiếp nhận",
           5: "xin lỗi và hẹn lại ngày trả"}
_FORMS = {"": 0, "Mẫu 02": 2, "Mẫu 03": 3, "Mẫu 04": 4, "Mẫu 05": 5, "Mẫu 06": 6}
_HAND_OVERS = {"": 0, "kiosk": 1, "truc_tiep": 2, "buu_chinh": 3}


def read_message(content):
    """The message that the content begins with. What follows are its attachments, in the order of its manifest."""
    size = int.from_bytes(b"".join(content.pieces(4)), "big")
    if size > _MESSAGE_BYTES_MAX:
        raise TramError("too_large", "a message without its attachments has more than 256 KiB")
    message = admin.Message()
    try:
        message.ParseFromString(b"".join(content.pieces(size)))
    except DecodeError as wrong:
        raise TramError("malformed", "the message cannot be read") from wrong
    if message.oldest_reader_version > _VERSION:
        raise TramError("unsupported_version", "the message needs a newer program", "update Tram's one-stop client")
    return message


def directory_name(message):
    """The local number, with the part of what followed the request: no name of anybody."""
    number = message.head.local_number
    if not _LOCAL_NUMBER.fullmatch(number):
        raise TramError("malformed", "the message has no local number")
    return number + (f".{message.request.part}" if message.request.part else "")


def file_name(index, attachment):
    """What an attachment is called on the disk. Its own name may be about a person; it stands in request.json."""
    return f"attachment-{index + 1}" + _ENDINGS.get(attachment.media_type, ".bin")


def request_json(message):
    """The keys of proto/admin/values.h, and of each attachment the file it is in."""
    head, request = message.head, message.request
    if head.kind != admin.KIND_REQUEST or not message.HasField("request"):
        raise TramError("invalid_argument", "the message is no request")
    procedure = request.procedure + (f"@{request.procedure_version}" if request.procedure_version else "")
    out = {"kind": "request", "local_no": head.local_number, "proc": procedure, "proc_name": head.title,
           "channel": request.channel, "to": request.to, "from_village": request.from_village,
           "assisted_by": request.assisted_by, "lang": request.language, "priority": head.urgency,
           "subject": _fields(request.subject), "form": _fields(request.form), "consent": request.consent,
           "note": request.note, "purpose": _PURPOSES.get(request.purpose, str(request.purpose)),
           "part": request.part, "dossier": head.dossier_code}
    out = {key: value for key, value in out.items() if value != "" or key in ("to", "proc_name")}
    if request.HasField("created_unix_s"):
        out["created"] = _time(request.created_unix_s)
    if request.HasField("answers"):
        out["answers"] = {"epoch": request.answers.issuer_epoch, "seq": request.answers.sequence}
    out["att"] = [{"name": each.name, "type": each.media_type, "bytes": each.bytes, "sha256": each.sha256.hex(),
                   "file": file_name(index, each)} for index, each in enumerate(message.attachments)]
    return out


def update_message(answer, directory):
    """The office's word that `answer` (an object of answer.json) describes, and the files that belong to it. Local
    number, office and sequence are given by tramd."""
    only(answer, "kind", "local_no", "dossier", "state", "form", "title", "reason", "need", "respond_by", "reply_to",
         "hand_over", "need_presence", "due", "priority", "att")
    message = admin.Message(version=_VERSION, oldest_reader_version=1)
    head, update = message.head, message.update
    head.kind = admin.KIND_UPDATE
    head.urgency = _of("priority", int, answer, 0)
    head.dossier_code = _of("dossier", str, answer, "")
    update.kind = _word("kind", _UPDATE_KINDS, answer)
    update.form = _word("form", _FORMS, answer)
    if update.kind == admin.UPDATE_RESULT and update.form == admin.FORM_REFUSAL:
        update.kind = admin.UPDATE_REFUSAL
    head.title = _of("title", str, answer, "") or _TITLES[update.kind]
    update.state = _of("state", int, answer)
    update.reason = _of("reason", str, answer, "")
    update.need.extend(_of("need", list, answer, []))
    update.reply_to = _of("reply_to", str, answer, "")
    update.hand_over = _word("hand_over", _HAND_OVERS, answer)
    update.need_presence = _of("need_presence", bool, answer, False)
    if "respond_by" in answer:
        update.respond_by_day = day(answer, "respond_by")
    if "due" in answer:
        update.due_day = day(answer, "due")
    files = [_attach(message, each, pathlib.Path(directory)) for each in _of("att", list, answer, [])]
    return message, files


def only(answer, *known):
    if set(answer) - set(known):
        raise TramError("invalid_argument", f"answer.json has other keys than {', '.join(known)}")


def unix_s(answer, key):
    """"2026-11-24T09:12:00+07:00" as seconds since 1970."""
    try:
        when = datetime.datetime.fromisoformat(_of(key, str, answer))
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise TramError("invalid_argument", f"{key}: expected a time like 2026-11-24T09:12:00+07:00")
    return int(when.timestamp())


def day(answer, key):
    """"2026-12-31" as days since 1970."""
    try:
        return (datetime.date.fromisoformat(_of(key, str, answer)) - datetime.date(1970, 1, 1)).days
    except ValueError as wrong:
        raise TramError("invalid_argument", f"{key}: expected a day like 2026-12-31") from wrong


def local_number(answer):
    number = _of("local_no", str, answer)
    if not _LOCAL_NUMBER.fullmatch(number):
        raise TramError("invalid_argument", "local_no: expected a number like 18904-ks07-000123")
    return number


def text(answer, key):
    return _of(key, str, answer)


def _attach(message, told, directory):
    name = _of("name", str, told)
    file = directory / name
    if "/" in name or name.startswith(".") or not file.is_file():
        raise TramError("not_found", "att: a file that answer.json names is not beside it")
    attachment = message.attachments.add(name=name, bytes=file.stat().st_size)
    attachment.media_type = told.get("type") or mimetypes.guess_type(name)[0] or "application/octet-stream"
    with open(file, "rb") as stream:
        attachment.sha256 = hashlib.file_digest(stream, "sha256").digest()
    return file


def _of(key, kind, values, default=None):
    value = values.get(key, default) if isinstance(values, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TramError("invalid_argument", f"{key}: it is missing, or not of the right type")
    return value


def _word(key, words, values):
    value = values.get(key) or ""
    if value not in words:
        raise TramError("invalid_argument", f"{key}: expected one of {', '.join(word for word in words if word)}")
    return words[value]


def _time(unix_s):
    hanoi = datetime.timezone(datetime.timedelta(hours=7))
    return (datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
            + datetime.timedelta(seconds=unix_s)).astimezone(hanoi).isoformat()


def _fields(fields):
    return {each.name: _value(each.value) for each in fields.fields}


def _value(value):
    kind = value.WhichOneof("kind")
    if kind == "fields":
        return _fields(value.fields)
    if kind == "list":
        return [_value(each) for each in value.list.items]
    return getattr(value, kind) if kind else None
