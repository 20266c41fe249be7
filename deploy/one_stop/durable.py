"""Files that are there, whole, after the power has failed at any moment, or not there at all."""
import contextlib
import json
import os
import pathlib


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def new_file(path):
    """A file for this user alone, synced when the block ends."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def write_json(path, value):
    """Replaces the file as a whole."""
    write_bytes(path, json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")


def write_bytes(path, content):
    path = pathlib.Path(path)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with new_file(new) as stream:
        stream.write(content)
    os.rename(new, path)
    sync_directory(path.parent)
