"""A birth registration on its way from a village to its result, and a storm warning that does not wait its turn."""
import hashlib
import json
import pathlib
import random

from nodes import wait_until

_VILLAGE = "DH-07"
_LAN_BYTES_PER_S = 2_500_000  # 20 Mbit/s
_SCANS_BYTES = 30_000_000
_CONTACT_S = 90
_CODE = "H50.99.1-261124-0012"
_OFFICE = "Trung tâm Phục vụ hành chính công xã Dân Hoá"
_WARNING = "07/CĐ-UBND"


class DossierStory:
    """Goes on where the first story has ended: everybody is at home, and nothing is on the laptop."""

    def __init__(self, places, radios, timeline, directory, samples):
        """`places`: kiosk, laptop and server; `radios`: those of the village and of the office; `samples`: a birth
        registration and a storm warning."""
        self._kiosk, self._laptop, self._server = places
        self._radio_of = {self._kiosk: radios[0], self._server: radios[1]}
        self._names = dict(zip(places, ("kiosk", "laptop", "server")))
        self._say, self._plain = timeline.say, timeline.plain
        self._papers = _Papers(directory, samples)
        self._number = None
        self.figures = {"dossier_code": None, "dossier_words": 0, "result_intact": False, "handed_over": False,
                        "warning_after_bytes": None, "warning_displayed_in": []}

    @property
    def is_good(self):
        after = self.figures["warning_after_bytes"]
        return (self.figures["dossier_code"] == _CODE and self.figures["dossier_words"] == 2
                and self.figures["result_intact"] and self.figures["handed_over"]
                and self.figures["warning_displayed_in"] == [_VILLAGE]
                and after is not None and after < _SCANS_BYTES / 10)

    def tell(self):
        for radio in self._radio_of.values():
            radio.rate = _LAN_BYTES_PER_S
        self._kiosk.run("area", "join", f"18904/{_VILLAGE}")

        self._plain("\nA birth is registered in the village.")
        self._file()
        self._meet(self._kiosk, lambda: self._kiosk.has_given_all_to(self._laptop))
        self._meet(self._server, lambda: self._received(0), stay=True)
        self._answer()
        self._part(self._server)

        self._plain(f"\n{_SCANS_BYTES / 1e6:.0f} MB of scans wait for the laptop when a storm comes up.")
        self._warn()
        self._overtake(self._server, self._laptop, "from")
        self.figures["warning_after_bytes"] = self._overtake(self._kiosk, self._kiosk, "to", stay=True)
        self._show_warning()
        self._supplement()
        self._wait_for_laptop(self._kiosk)
        self._part(self._kiosk)

        self._plain("\nThe office gets the better picture, and decides.")
        self._meet(self._server, lambda: self._received(1), stay=True)
        self._prove()
        self._decide()
        self._wait_for_laptop(self._server)
        self._part(self._server)

        self._plain("\nThe birth certificate comes to the village.")
        self._meet(self._kiosk, lambda: self._shown()["state"] == 10, stay=True)
        self._hand_over()
        self._wait_for_laptop(self._kiosk)
        self._part(self._kiosk)
        self._meet(self._server, self._is_handed_over)
        self.figures["handed_over"] = True
        self._say("server", "has the kiosk's signed receipt: the citizen has the certificate")

    def _file(self):
        form, scans = self._papers.birth()
        self._number = self._kiosk.run("request", "send", "--procedure", "1.001193", "--form", form,
                                       *_each("--attach", scans))["local_number"]
        self._say("kiosk", f"files {self._number}: Đăng ký khai sinh, with {len(scans)} scans, sealed for the office")

    def _answer(self):
        self._take_dossier()
        self._server.run("update", "accept", self._number, "--code", _CODE, "--due", "2026-11-26",
                         "--office-name", _OFFICE)
        self._say("server", f"signs the official receipt (Mẫu 01): {_CODE}")
        reason = self._papers.text("reason.txt", "Ảnh giấy chứng sinh bị mờ, đề nghị chụp lại")
        self._server.run("update", "send", self._number, "--kind", "supplement", "--reason-file", reason,
                         "--need", "giay_chung_sinh", "--respond-by", "2026-12-31")
        self._say("server", "asks for a better picture of the birth report (Mẫu 02)")
        self._wait_for_laptop(self._server)

    def _take_dossier(self):
        desk = self._server.directory / "dossiers"
        desk.mkdir(exist_ok=True)
        taken = self._server.lines("request", "receive", "--output", str(desk))
        for each in taken:
            self._say("server", f"the one-stop desk takes {pathlib.Path(each['directory']).name} "
                                f"with {_counted(each['attachments'])}")

    def _warn(self):
        self._server.send(self._papers.scans(_SCANS_BYTES), self._kiosk.id + "scans", "bulk", 0, public=False)
        notice, recordings = self._papers.warning()
        self._server.run("notice", "publish", notice, *_each("--audio", recordings))
        self._say("server", f"publishes {_WARNING}, hỏa tốc: texts in vi and bru, {len(recordings)} recordings")

    def _overtake(self, place, taker, direction, stay=False):
        """The bytes that had passed when `taker` had the whole warning."""
        radio = self._radio_of[place]
        self._say("laptop", f"meets the {self._names[place]}")
        radio.switch_on()
        wait_until(lambda: _has_notice(taker), _CONTACT_S, "the warning to arrive")
        passed = radio.passed(direction)
        self._say(self._names[taker], f"has all of the warning after {passed / 1e6:.2f} MB")
        if place is self._server:
            self._wait_for_laptop(place)
        else:
            wait_until(lambda: self._laptop.has_given_all_to(place), _CONTACT_S, "the scans to arrive")
        self._say(self._names[taker], f"has the scans too, after {radio.passed(direction) / 1e6:.1f} MB")
        if not stay:
            self._part(place)
        return passed

    def _show_warning(self):
        self._kiosk.run("notice", "mark", _WARNING, "--displayed", "vi,bru", "--announced", "vi,bru")
        self._say("kiosk", "shows it, plays it over the loudspeaker in vi and bru, and signs that it has")

    def _supplement(self):
        shown = self._shown()
        self.figures["dossier_code"] = shown["dossier_code"]
        self._say("kiosk", f"{self._number} is now {shown['dossier_code']}, and the office needs something")
        better = self._papers.better_scan()
        self._kiosk.run("request", "supplement", self._number, "--attach", better)
        self._say("kiosk", "sends a better picture")

    def _prove(self):
        proof = wait_until(self._displayed, _CONTACT_S, "the proof that the warning was displayed")
        self.figures["warning_displayed_in"] = [each["village"] for each in proof["villages"] if each["displayed"]]
        self._say("server", f"tram notice proof {_WARNING}")
        for line in self._server.text("notice", "proof", _WARNING).splitlines():
            self._plain(" " * 18 + line)

    def _displayed(self):
        proof = self._server.proof(_WARNING)
        return proof if proof["displayed"] else None

    def _decide(self):
        self._take_dossier()
        self._server.run("update", "send", self._number, "--kind", "result", "--state", "10", "--hand-over", "kiosk",
                         "--attach", self._papers.certificate)
        self._say("server", "sends the birth certificate")

    def _hand_over(self):
        saved = self._kiosk.directory / "revealed"
        self._kiosk.run("request", "show", self._number, "--reveal", "--save", str(saved))
        self.figures["dossier_words"] = len(self._shown()["history"])
        printed = [_digest(path) for path in saved.rglob("*.pdf")]
        self.figures["result_intact"] = printed == [_digest(self._papers.certificate)]
        self._say("kiosk", "prints the certificate, " + ("intact" if self.figures["result_intact"] else "DAMAGED"))
        self._kiosk.run("request", "hand-over", self._number, "--witness", "18904-to-07")
        self._say("kiosk", "signs that the citizen has it")

    def _is_handed_over(self):
        return any(each["type"] == "handed_over" for each in self._server.run("receipt", "list"))

    def _received(self, parts):
        """Whether the office has the request and `parts` of what followed it."""
        return any(each["local_number"] == self._number and each["parts_after"] == parts
                   for each in self._server.run("request", "list", "--box", "received"))

    def _shown(self):
        return self._kiosk.run("request", "show", self._number, "--box", "filed")

    def _meet(self, place, until, stay=False):
        self._say("laptop", f"meets the {self._names[place]}")
        self._radio_of[place].switch_on()
        wait_until(until, _CONTACT_S, f"the contact with {place.name} to do its work")
        if not stay:
            self._part(place)

    def _wait_for_laptop(self, place):
        wait_until(lambda: place.has_given_all_to(self._laptop), _CONTACT_S, "the laptop to take everything")

    def _part(self, place):
        self._radio_of[place].switch_off()
        wait_until(lambda: not self._laptop.connected() and not place.connected(), _CONTACT_S, "the laptop to be gone")


class _Papers:
    """What people hand in and offices write, as files."""

    def __init__(self, directory, samples):
        self._directory = pathlib.Path(directory, "papers")
        self._directory.mkdir()
        self._birth, self._notice = samples
        self.certificate = self._made_up("giay_khai_sinh.pdf", 96_211)

    def birth(self):
        """The form, and its scans."""
        form = {key: value for key, value in self._birth.items() if key not in ("kind", "local_no", "created", "att")}
        scans = [self._made_up(each["name"], each["bytes"]) for each in self._birth["att"]]
        return self.text("form.json", json.dumps(form, ensure_ascii=False)), scans

    def warning(self):
        """The notice, and its recordings as language=file."""
        told = {key: value for key, value in self._notice.items() if key not in ("audio", "valid_until")}
        told |= {"year": 2026, "lifetime_s": 2 * 86_400,
                 "texts": [{"lang": "bru", "body": "(lời dịch tiếng Bru) " + self._notice["body"]}]}
        recordings = [f"{each['lang']}=" + self._made_up(f"loi_doc_{each['lang']}.ogg", each["bytes"])
                      for each in self._notice["audio"]]
        return self.text("notice.json", json.dumps(told, ensure_ascii=False)), recordings

    def better_scan(self):
        return self._made_up("giay_chung_sinh_ro.jpg", 400_000)

    def scans(self, size):
        return random.Random("scans").randbytes(size)

    def text(self, name, content):
        return self._write(name, content.encode())

    def _made_up(self, name, size):
        return self._write(name, random.Random(name).randbytes(size))

    def _write(self, name, content):
        path = self._directory / name
        path.write_bytes(content)
        return str(path)


def _counted(attachments):
    return "1 attachment" if attachments == 1 else f"{attachments} attachments"


def _each(option, values):
    return [part for value in values for part in (option, value)]


def _digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def _has_notice(node):
    return any(each["document_number"] == _WARNING and each["status"] == "current"
               for each in node.run("notice", "list", "--all"))
