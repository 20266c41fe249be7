"""A connection to tramd: proto/tram/api.proto over ZeroMQ.

Needs python3-zmq, python3-protobuf and protobuf-compiler (deploy/install-packages one-stop). The bindings are made
from the .proto files when they are first needed, and kept in a cache directory.
"""
import hashlib
import importlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

try:
    import google.protobuf
    import zmq
except ImportError as missing:
    sys.exit(f"error: {missing}; on Debian 12: deploy/install-packages one-stop, and run this with /usr/bin/python3")

DEFAULT_ENDPOINT = "ipc:///run/tram/api"
FRAME_BYTES = 1 << 20

_PROTO_FILES = ("api.proto", "admin.proto")


class TramError(Exception):
    """What went wrong: a stable code (proto/base/error.h), a sentence, and what to do about it."""

    def __init__(self, code, message, remedy=""):
        super().__init__(f"{code}: {message}" + (f"\n  {remedy}" if remedy else ""))
        self.code = code


def _cache():
    """A directory that only this user can write to: what is in it is executed."""
    base = os.environ.get("TRAM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tram")
    path = pathlib.Path(base)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = path.stat()
    if info.st_uid != os.geteuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise TramError("invalid_argument", f"others can write to {path}",
                        "name a directory of your own in TRAM_CACHE")
    return path


def _make_bindings():
    source = pathlib.Path(os.environ.get("TRAM_PROTO") or pathlib.Path(__file__).resolve().parents[2] / "proto/tram")
    digest = hashlib.sha256(google.protobuf.__version__.encode())
    for name in _PROTO_FILES:
        if not (source / name).is_file():
            raise TramError("not_found", f"there is no {source / name}", "say in TRAM_PROTO where Tram's are")
        digest.update((source / name).read_bytes())
    cache = _cache()
    made = cache / digest.hexdigest()[:32]
    if not made.is_dir():
        if shutil.which("protoc") is None:
            raise TramError("not_found", "there is no protoc", "deploy/install-packages one-stop")
        new = tempfile.mkdtemp(prefix=".new-", dir=cache)
        subprocess.run(["protoc", "-I", source, "--python_out", new, *_PROTO_FILES], check=True)
        try:
            os.rename(new, made)
        except OSError:  # somebody else was faster
            shutil.rmtree(new)
    return made


def _import_bindings():
    sys.path.insert(0, str(_make_bindings()))
    try:
        return tuple(importlib.import_module(name.replace(".proto", "_pb2")) for name in _PROTO_FILES)
    finally:
        del sys.path[0]


try:
    api, admin = _import_bindings()
except (TramError, OSError, subprocess.CalledProcessError) as wrong:
    sys.exit(f"error: {wrong}")


class Tram:
    """One connection, one request at a time."""

    def __init__(self, endpoint=None, timeout_s=None):
        self._endpoint = endpoint or os.environ.get("TRAM_API") or DEFAULT_ENDPOINT
        self._timeout_s = timeout_s or float(os.environ.get("TRAM_TIMEOUT") or 30)
        self._last_id = 0
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(self._endpoint)

    def call(self, name, *frames, wait_s=0, **fields):
        """Sends the request `name` of api.proto and returns the body of its answer and the frame after it (b"" when
        there is none). The answer may take `wait_s` longer than usual."""
        self._last_id += 1
        request = api.Request(id=self._last_id, **{name: fields})
        self._socket.send_multipart([request.SerializeToString(), *frames])
        while self._socket.poll(int((self._timeout_s + wait_s) * 1000)):
            answer = self._socket.recv_multipart()
            reply = api.Reply()
            reply.ParseFromString(answer[0])
            if reply.id != self._last_id:
                continue  # of a request that was given up
            body = reply.WhichOneof("body")
            if body == "failure":
                raise TramError(reply.failure.code, reply.failure.message, reply.failure.remedy)
            if body not in (name, "done"):
                raise TramError("unsupported_version", f"tramd at {self._endpoint} answered something else",
                                "this program and tramd may be of different versions")
            return getattr(reply, body), answer[1] if len(answer) > 1 else b""
        raise TramError("unavailable", f"tramd at {self._endpoint} does not answer",
                        "is it running, and may you use its socket? See tram status")

    def fetch(self, endpoint, wait_s=0):
        """The head of the next message that waits at `endpoint`, or None after `wait_s`. It is handed out again when
        it is neither read on nor acknowledged for a while."""
        wait_s = min(wait_s, 60)
        head, _ = self.call("fetch_message", wait_s=wait_s, endpoint=endpoint, wait_ms=int(wait_s * 1000))
        return head if head.found else None

    def acknowledge(self, head):
        """Only when all of the message is safe on a disk: tramd then forgets it."""
        self.call("acknowledge_message", token=head.token)

    def upload(self, token, offset, files):
        """The attachments of a message that was opened, one after the other, and its end; what tramd answers to it."""
        for index, file in enumerate(files):
            try:
                stream = open(file, "rb")
            except OSError as wrong:  # its own text has the file's name, which may be about a person
                raise TramError("io", f"attachment {index + 1} cannot be read: {wrong.strerror}") from None
            with stream:
                while piece := stream.read(FRAME_BYTES):
                    self.call("append_message", piece, token=token, offset=offset)
                    offset += len(piece)
        return self.call("finish_message", token=token)[0]

    def drop(self, token):
        self.call("drop_message", token=token)


class Content:
    """The content of a fetched message as a stream. Nothing of it may be acted upon before finish()."""

    def __init__(self, tram, head):
        self._tram = tram
        self._head = head
        self._index = 0
        self._waiting = b""
        self._hash = hashlib.sha256()
        self._said = None

    def read(self, size):
        """Up to `size` bytes, none at the end."""
        while not self._waiting and self._index < self._head.piece_count:
            reply, self._waiting = self._tram.call("read_message", token=self._head.token, index=self._index)
            self._hash.update(self._waiting)
            self._index += 1
            if reply.last != (self._index == self._head.piece_count):
                raise TramError("malformed", "the message does not end where its head says")
            self._said = reply.digest
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    def pieces(self, size):
        """Exactly `size` bytes, in pieces."""
        while size > 0:
            piece = self.read(min(size, FRAME_BYTES))
            if not piece:
                raise TramError("truncated", "the message ends too early")
            size -= len(piece)
            yield piece

    def finish(self):
        """The SHA-256 of the content, when that is all and what its sender has signed."""
        if self.read(1):
            raise TramError("trailing_data", "bytes after the last attachment")
        if self._hash.digest() != self._said:
            raise TramError("bad_crc", "the message is not what its digest says")
        return self._hash.hexdigest()
