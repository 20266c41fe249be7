#!/usr/bin/python3
"""Answers dossiers: each DIRECTORY has an answer.json and the files that it names. What was answered is written beside
it (sent.json); asked for again, also after a power cut, an answer goes out once."""
import argparse
import hashlib
import json
import pathlib
import secrets
import sys

import dossiers
import durable
import tram_api
from tram_api import TramError

_ANSWER_BYTES_MAX = 256 << 10


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", help="ZeroMQ endpoint of tramd (default: TRAM_API, or ipc:///run/tram/api)")
    parser.add_argument("directory", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    tram = tram_api.Tram(options.api)
    for directory in options.directory:
        print(json.dumps(_answer(tram, directory)), flush=True)


def _answer(tram, directory):
    text = (directory / "answer.json").read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    if (directory / "sent.json").exists():
        sent = json.loads((directory / "sent.json").read_text(encoding="utf-8"))
        if sent["digest"] != digest:
            raise TramError("contradiction", f"{directory}: another answer was sent from there",
                            "make a directory for each answer")
        return sent | {"sent_before": True}
    answer = _parse(text)
    number = dossiers.local_number(answer)
    if answer.get("kind") == "accepted":
        sent = _accept(tram, number, answer)
    else:
        sent = _update(tram, number, answer, directory)
    sent |= {"local_number": number, "digest": digest}
    durable.write_json(directory / "sent.json", sent)
    return sent


def _parse(text):
    try:
        if len(text) <= _ANSWER_BYTES_MAX and isinstance(answer := json.loads(text), dict):
            return answer
    except ValueError:
        pass  # json's own message may quote the file
    raise TramError("malformed", "answer.json is no JSON object of at most 256 KiB")


def _accept(tram, number, answer):
    """The code is that of the office's own system: there is no way to have one made here."""
    dossiers.only(answer, "kind", "local_no", "dossier", "due", "office_name", "accepted_at")
    when = {"accepted_unix_s": dossiers.unix_s(answer, "accepted_at")} if "accepted_at" in answer else {}
    tram.call("accept_dossier", local_number=number, dossier_code=dossiers.text(answer, "dossier"),
              due_day=dossiers.day(answer, "due"), office_name=dossiers.text(answer, "office_name"), **when)
    return {"kind": "accepted", "sent_before": False}


def _update(tram, number, answer, directory):
    message, files = dossiers.update_message(answer, directory)
    opened, _ = tram.call("send_update", message.SerializeToString(), local_number=number, key=_key(directory))
    if not opened.sent_before:
        try:
            tram.upload(opened.token, opened.offset, files)
        except (TramError, OSError):
            _drop(tram, opened.token)
            raise
    return {"kind": answer["kind"], "sequence": opened.sequence, "sent_before": opened.sent_before}


def _drop(tram, token):
    """Makes room for the next attempt; tramd forgets it in any case when nothing follows."""
    try:
        tram.drop(token)
    except TramError:
        pass


def _key(directory):
    """Drawn by chance once, and safe on the disk before it is used: the same answer with the same key goes out once."""
    file = directory / "answer.key"
    if not file.exists():
        durable.write_bytes(file, secrets.token_hex(16).encode())
    return file.read_text(encoding="ascii")


if __name__ == "__main__":
    try:
        main()
    except (TramError, OSError) as wrong:
        sys.exit(f"error: {wrong}")
    except KeyboardInterrupt:
        sys.exit(130)
