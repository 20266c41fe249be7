#!/usr/bin/python3
"""Takes the dossiers that have arrived at an office: each into a directory of its own, safely on the disk, and only then
acknowledged. Prints a line of JSON for each; nothing of what a dossier says is printed."""
import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import sys
import tempfile

import dossiers
import durable
import tram_api
from tram_api import TramError

_WAIT_S = 60


def main():
    options = _options()
    tram = tram_api.Tram(options.api)
    endpoint = options.endpoint or tram.call("status")[0].node_id + "requests"
    taken = 0
    with _locked(options.output):
        while options.count is None or taken < options.count:
            head = tram.fetch(endpoint, _WAIT_S if options.follow else options.wait)
            if head is None and not options.follow:
                break
            if head is not None and head.content_type != dossiers.CONTENT_TYPE:
                _say_foreign(head, endpoint)
            elif head is not None:
                print(json.dumps(_take(tram, head, options.output)), flush=True)
                taken += 1
    if taken == 0:
        print("nothing waits", file=sys.stderr)


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", help="ZeroMQ endpoint of tramd (default: TRAM_API, or ipc:///run/tram/api)")
    parser.add_argument("--endpoint", help="where the office's requests arrive (default: dtn://THIS-NODE/requests)")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="directory; others should not read it")
    parser.add_argument("--count", type=int, help="end after so many")
    parser.add_argument("--wait", type=float, default=0, help="seconds to wait when nothing is there, at most 60")
    parser.add_argument("--follow", action="store_true", help="go on until it is ended")
    return parser.parse_args()


@contextlib.contextmanager
def _locked(output):
    """One at a time: what an earlier one has left unfinished can then be removed, and will come again."""
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(output / ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise TramError("busy", f"another program receives into {output}") from busy
        for unfinished in output.glob(".incoming-*"):
            shutil.rmtree(unfinished)
        yield


def _say_foreign(head, endpoint):
    """It stays there, leased to us for a while, and others have their turn."""
    print(f"receive: message {head.message_id.hex()} at {endpoint} is no dossier and stays there; "
          f"see it with tram bundle list --to {endpoint}, and remove it with tram bundle cancel", file=sys.stderr)


def _take(tram, head, output):
    incoming = pathlib.Path(tempfile.mkdtemp(prefix=".incoming-", dir=output))
    try:
        told = _write(tram_api.Content(tram, head), head, incoming)
        directory = _keep(incoming, output, told)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    tram.acknowledge(head)
    return {"local_number": told["local_no"], "part": told.get("part", 0), "directory": str(directory),
            "attachments": len(told["att"])}


def _write(content, head, incoming):
    """The whole dossier, synced. Its request.json has what only the transport knows under "tram"."""
    message = dossiers.read_message(content)
    told = dossiers.request_json(message)
    dossiers.directory_name(message)
    for index, attachment in enumerate(message.attachments):
        digest = hashlib.sha256()
        with durable.new_file(incoming / dossiers.file_name(index, attachment)) as stream:
            for piece in content.pieces(attachment.bytes):
                digest.update(piece)
                stream.write(piece)
        if digest.digest() != attachment.sha256:
            raise TramError("bad_crc", f"attachment {index + 1} is not that of the manifest")
    told["tram"] = {"directory": dossiers.directory_name(message), "digest": content.finish(),
                    "message_id": head.message_id.hex(), "sender": head.sender}
    durable.write_json(incoming / "request.json", told)
    return told


def _keep(incoming, output, told):
    """Gives the directory its name. What came before, and was not acknowledged, is recognised by its digest; another
    content under the same number (a device that was restored from a backup) gets a name of its own."""
    digest = told["tram"]["digest"]
    directory = output / told["tram"]["directory"]
    if directory.exists() and _digest_of(directory) != digest:
        directory = directory.with_name(f"{directory.name}-{digest[:8]}")
    if directory.exists():
        shutil.rmtree(incoming)
    else:
        os.rename(incoming, directory)
    durable.sync_directory(output)
    return directory


def _digest_of(directory):
    with open(directory / "request.json", encoding="utf-8") as stream:
        return json.load(stream)["tram"]["digest"]


if __name__ == "__main__":
    try:
        main()
    except (TramError, OSError) as wrong:
        sys.exit(f"error: {wrong}")
    except KeyboardInterrupt:
        sys.exit(130)
