"""A dossier travels: kiosk -> laptop -> commune server, and the answers back. See deploy/demo --help."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time

import messages
from desk import Desk
from dossier import DossierStory
from networks import Networks, why_not
from nodes import DemoError, Node, Receiver, wait_until
from radio import Radio

_HERE = pathlib.Path(__file__).resolve().parent
_SHARED = _HERE.parent.parent.parent / "shared/data/messages.jsonl"
_OWN = _HERE.parent / "demo-data/messages.jsonl"
_RADIO_BYTES_PER_S = 1_250_000  # 10 Mbit/s
_CONTACT_S = 30
_SOCKET_PATH_MAX = 60  # leaves room for what is below it; the system's limit is 107


class Timeline:
    """Tells what happens, a line each, with the seconds since the start."""

    def __init__(self, out):
        self._out = out
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def say(self, who, what):
        self._print(f"{time.monotonic() - self._start:6.1f} s  {who:<7} {what}")

    def plain(self, text):
        self._print(text)

    def _print(self, text):
        with self._lock:
            print(text, file=self._out, flush=True)


class Story:
    def __init__(self, options, directory, timeline):
        self._say = timeline.say
        self._plain = timeline.plain
        source = _SHARED if _SHARED.exists() else _OWN
        self._messages = messages.load(source)
        kiosk, laptop, server = "18904-ks07", "18904-lt01", "18904-srv"
        self._no_networks = why_not()
        self._networks = None if self._no_networks else Networks(laptop, (kiosk, server))
        self._kiosk, self._laptop, self._server = (
            Node(name, options.bin, directory, self._networks.of(name) if self._networks else ())
            for name in (kiosk, laptop, server))
        self._names = {self._kiosk: "kiosk", self._laptop: "laptop", self._server: "server"}
        if self._networks:
            self._village, self._office = (self._networks.radio(_RADIO_BYTES_PER_S, name) for name in (kiosk, server))
        else:
            self._village = Radio(_RADIO_BYTES_PER_S, lambda: self._kiosk.port)
            self._office = Radio(_RADIO_BYTES_PER_S, lambda: self._server.port)
        self._desks = {node: Desk(self._messages, lambda message, node=node: self._arrived(node, message))
                       for node in (self._kiosk, self._server)}
        self._receivers = []
        self._dossier = DossierStory((self._kiosk, self._laptop, self._server), (self._village, self._office),
                                     timeline, directory, messages.samples(source))
        self.sent = 0
        self.left_on_carrier = None
        self.readable_on_carrier = 0

    @property
    def message_count(self):
        return len(self._messages)

    def tell(self):
        self._introduce()
        self._enrol()
        self._start()
        requests, answers, reports = ([m for m in self._messages if m.round == number] for number in (1, 2, 3))

        self._plain("\nIn the village. The kiosk has no network; what people hand in waits on its disk.")
        self._send(self._kiosk, self._server, requests)

        self._plain("\nThe official comes by with the laptop.")
        self._contact(self._village, self._kiosk, victim=self._kiosk, direction="from", messages_moved=requests,
                      until=lambda: self._kiosk.has_given_all_to(self._laptop))
        self._part(self._village, self._kiosk)

        self._plain("\nBack in the commune office.")
        self._contact(self._office, self._server, victim=self._server, direction="to", messages_moved=requests,
                      until=lambda: self._desks[self._server].wait_for(requests, 0))
        self._plain("\nThe office answers, and sends its notices, while the laptop is still there.")
        self._send(self._server, self._kiosk, answers)
        self._wait_for_laptop(self._server, "answers and receipts")
        self._part(self._office, self._server)

        self._plain("\nThe next visit to the village.")
        self._contact(self._village, self._kiosk, victim=self._laptop, direction="to", messages_moved=answers,
                      until=lambda: self._desks[self._kiosk].wait_for(answers, 0))
        self._plain("\nThe kiosk reports what was announced and handed over.")
        self._send(self._kiosk, self._server, reports)
        self._wait_for_laptop(self._kiosk, "reports and receipts")
        self._part(self._village, self._kiosk)

        self._plain("\nAnd back in the office once more.")
        self._contact(self._office, self._server, victim=None, direction="to", messages_moved=reports,
                      until=lambda: self._desks[self._server].wait_for(reports, 0))
        self._wait_for_receipts(self._server)
        self._wait_for_laptop(self._server, "the last receipts")
        self._part(self._office, self._server)

        self._plain("\nOne more visit brings the kiosk its last receipts.")
        self._contact(self._village, self._kiosk, victim=None, direction="to", messages_moved=[],
                      until=lambda: self._laptop.stored() == 0)
        self._wait_for_receipts(self._kiosk)
        self._part(self._village, self._kiosk)
        self.left_on_carrier = self._laptop.stored()
        self._dossier.tell()

    def result(self):
        """The figures; what could not be found out is null."""
        desks = self._desks.values()
        return {"sent": self.sent,
                "delivered": sum(len(desk.complete) for desk in desks),
                "duplicates": sum(desk.duplicates for desk in desks),
                "left_on_carrier": self.left_on_carrier,
                "digest_mismatches": sum(desk.digest_mismatches for desk in desks),
                "readable_on_carrier": self.readable_on_carrier,
                "dossier": self._dossier.figures}

    @property
    def is_dossier_good(self):
        return self._dossier.is_good

    def end(self):
        for receiver in self._receivers:
            receiver.stop()
        for radio in (self._village, self._office):
            radio.close()
        for node in self._names:
            node.stop()
        if self._networks:
            self._networks.close()

    def _introduce(self):
        attachments = sum(message.attachment_count for message in self._messages)
        size = sum(message.size for message in self._messages)
        self._plain(f"{len(self._messages)} messages with {attachments} attachments, {size / 1e6:.1f} MB, "
                    "and three nodes that are never all connected:")
        for node, what in ((self._kiosk, "kiosk in the village of DH-07"), (self._laptop, "laptop that travels"),
                           (self._server, "server in the commune office")):
            self._plain(f"  {self._names[node]:<7} {node.name:<11} {what}")
        self._plain("They run here as real daemons; a radio of 10 Mbit/s between them is switched on and off.")
        if self._networks:
            self._plain("Each has a network of its own. Nobody knows an address: they find each other.\n")
        else:
            self._plain(f"{self._no_networks}; so the laptop is told where the others are, and nobody discovers anybody.\n")

    def _enrol(self):
        self._kiosk.configure("static", listen=True, route_via=self._laptop)
        self._server.configure("static", listen=True, route_via=self._laptop, villages=("DH-07", "DH-08"))
        known = [] if self._networks else [(self._kiosk.id, self._village.port), (self._server.id, self._office.port)]
        self._laptop.configure("epidemic", peers=known)
        root = self._server.become_authority()
        self._say("server", f"makes the commune's authority; its root is {root}")
        for node, sealing in ((self._kiosk, True), (self._laptop, False)):
            request = node.request(sealing)
            self._say(self._names[node], f"asks for certificates{' to sign and to open' if sealing else ' to sign'}: "
                                         + request["check_groups"])
            node.accept(self._server.approve(request), root)
            self._say("server", f"compares that aloud and approves the {self._names[node]}")
        self._plain("")

    def _start(self):
        for node, name in self._names.items():
            node.start()
            self._say(name, "starts")
        for node, desk in self._desks.items():
            self._receivers.append(Receiver(node, desk.take))

    def _send(self, sender, receiver, batch):
        for message in batch:
            for index, part in enumerate(message.parts):
                sender.send(messages.pack(message, index), receiver.inbox, part.kind, message.urgency,
                            public=message.is_public)
            self.sent += 1
            self._say(self._names[sender], f"takes in   {_described(message)}")

    def _arrived(self, node, message):
        self._say(self._names[node], f"RECEIVED   {_described(message)}")

    def _contact(self, radio, place, victim, direction, messages_moved, until):
        """The laptop is in reach of `place` until `until()`; in the middle of it `victim` is killed."""
        self._say("laptop", f"meets the {self._names[place]}")
        radio.switch_on()
        if victim:
            self._kill(radio, victim, direction, sum(message.size for message in messages_moved))
        wait_until(until, _CONTACT_S, f"the contact with {place.name} to do its work")

    def _wait_for_laptop(self, place, what):
        wait_until(lambda: place.has_given_all_to(self._laptop), _CONTACT_S, f"the laptop to take {what}")

    def _wait_for_receipts(self, place):
        """Until nothing that was sent from `place` waits for its receipt any more."""
        wait_until(lambda: place.status()["unreceipted"] == 0 and place.stored() == 0, _CONTACT_S,
                   f"the receipts for what {place.name} has sent")
        self._say(self._names[place], "has a signed receipt for every sealed part it sent, and let go of its copies")

    def _kill(self, radio, victim, direction, total_bytes):
        name = self._names[victim]
        if not radio.wait_until_passed(direction, total_bytes // 2, _CONTACT_S):
            raise DemoError(f"half of {total_bytes} bytes did not come through the radio in {_CONTACT_S} s")
        victim.kill()
        self._say(name, f"KILLED with SIGKILL when half of {total_bytes / 1e6:.1f} MB was through")
        victim.start()
        stored = victim.stored()
        self._say(name, f"is back with {stored} bundles on its disk and goes on")

    def _part(self, radio, place):
        radio.switch_off()
        wait_until(lambda: not self._laptop.connected() and not place.connected(), _CONTACT_S, "the laptop to be gone")
        stored = self._laptop.stored()
        self._say("laptop", f"leaves the {self._names[place]} with {stored} bundles on board")
        if stored:
            self._search_laptop()

    def _search_laptop(self):
        """What somebody finds who steals the laptop now."""
        secrets = [message.secret for message in self._messages if not message.is_public]
        found = self._laptop.files_with(secrets)
        self.readable_on_carrier += len(found)
        self._say("laptop", f"its disk was searched for {len(secrets)} forms that are sealed: "
                            + (f"FOUND in {', '.join(found)}" if found else "none can be read"))


def _described(message):
    attached = {0: "", 1: " + 1 attachment"}.get(message.attachment_count,
                                                   f" + {message.attachment_count} attachments")
    urgency = f", urgency {message.urgency}" if message.urgency else ""
    return f"{message.kind:<10} {message.title}{attached}{urgency}"


def _run(options, directory):
    timeline = Timeline(sys.stderr if options.json else sys.stdout)
    story = Story(options, directory, timeline)
    count = story.message_count
    try:
        failure = None
        try:
            story.tell()
        except DemoError as error:
            failure = str(error)
        result = story.result()
    finally:
        story.end()
    timeline.plain("")
    if failure:
        timeline.plain(f"The story ended early: {failure}")
    if result["digest_mismatches"]:
        timeline.plain(f"{result['digest_mismatches']} parts came with a wrong digest")
    if options.keep:
        timeline.plain(f"Everything is kept in {directory}")
    timeline.plain(f"delivered {result['delivered']}/{count}, duplicates {result['duplicates']}, "
                   f"left on the laptop {_or_unknown(result['left_on_carrier'])}")
    dossier = result["dossier"]
    timeline.plain(f"dossier {dossier['dossier_code'] or 'without a code'}, "
                   f"{'handed over' if dossier['handed_over'] else 'NOT handed over'}; the warning displayed in "
                   f"{', '.join(dossier['warning_displayed_in']) or 'no village'}")
    if options.json:
        print(json.dumps(result), flush=True)
    is_dossier_good = story.is_dossier_good
    result.pop("dossier")
    good = {"sent": count, "delivered": count, "duplicates": 0, "left_on_carrier": 0, "digest_mismatches": 0,
            "readable_on_carrier": 0}
    return 0 if result == good and is_dossier_good and not failure else 1


def _or_unknown(figure):
    return "unknown" if figure is None else figure


def _data_directory():
    directory = tempfile.mkdtemp(prefix="tram-demo-")
    if len(directory) > _SOCKET_PATH_MAX:
        os.rmdir(directory)
        directory = tempfile.mkdtemp(prefix="tram-demo-", dir="/tmp")
    return directory


def _terminated(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("--bin", required=True, help="where tramd and tram are")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _terminated)
    directory = _data_directory()
    try:
        return _run(options, directory)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
