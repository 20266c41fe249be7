#!/usr/bin/env python3
"""Makes the contacts of a commune: what its teams have planned, and what happened.

    generate_commune.py --seed 7 --villages 30 --teams 12 --couriers 40 OUT

writes OUT.plan.txt and OUT.contacts.txt as tram-sim reads them. Node 0 is the commune's server, then come the kiosks
of the villages, the laptops of the teams, the phones of couriers.

Each team has some villages, two teams have the same ones. On its days it is at the commune at 08:00, at the next of
its villages later, and at the commune again at 17:00. A planned day takes place, takes place one to three days later,
or does not take place; a visit begins early or late and may be shorter. Couriers are at the kiosk of their village, at
the market of another one once a week, seldom at the commune, and meet couriers from near by. The same arguments make
the same files everywhere."""
import argparse
import dataclasses
import random

HOUR = 3600
DAY = 24 * HOUR
COMMUNE = 0


@dataclasses.dataclass(frozen=True)
class Shape:
    villages: int
    teams: int
    couriers: int
    days: int
    visits: int  # of a team in a week
    on_time: float
    late: float  # one to three days; what remains does not take place
    jitter: float  # minutes, of the begin of a visit
    home: float  # days from one stay of a courier at the own kiosk to the next
    market: float  # that a courier goes to the market of the week
    commune: float  # that a courier is at the commune on a day
    meetings: float  # of couriers, on a day


class Commune:
    def __init__(self, shape, seed):
        self.shape = shape
        self.random = random.Random(seed)
        self.plan = []
        self.contacts = []

    def add(self, lines, start, end, one, other):
        start, end = int(start), max(int(end), int(start) + 1)
        if start >= 0 and end <= self.shape.days * DAY:
            lines.append((start, end, min(one, other), max(one, other)))

    def short(self, mean):
        return max(5.0, self.random.expovariate(1 / mean))

    def team(self, laptop, villages):
        draw = self.random
        days = sorted(draw.sample(range(1, 6), min(self.shape.visits, 5)))
        rounds = draw.sample(villages, len(villages))
        count = 0
        for week in range(self.shape.days // 7 + 1):
            for day in days:
                village = rounds[count % len(rounds)]
                count += 1
                morning = (week * 7 + day) * DAY
                begin = morning + draw.choice([9, 9.5, 10, 10.5, 13]) * HOUR
                end = begin + draw.choice([1, 1.5, 2, 2.5, 3]) * HOUR
                self.trip(laptop, morning, village, begin, end)

    def trip(self, laptop, morning, village, begin, end):
        draw = self.random
        stops = [(morning + 8 * HOUR, morning + 8.5 * HOUR, COMMUNE), (begin, end, village),
                 (morning + 17 * HOUR, morning + 17.5 * HOUR, COMMUNE)]
        for start, stop, place in stops:
            self.add(self.plan, start, stop, place, laptop)
        fate = draw.random()
        if fate >= self.shape.on_time + self.shape.late:
            return
        slip = 0 if fate < self.shape.on_time else draw.randint(1, 3) * DAY
        for start, stop, place in stops:
            if place == COMMUNE:
                moved = slip + draw.gauss(0, 600)
                self.add(self.contacts, start + moved, stop + moved, place, laptop)
            else:
                moved = start + slip + draw.gauss(0, self.shape.jitter * 60)
                self.add(self.contacts, moved, moved + (stop - start) * draw.uniform(0.3, 1), place, laptop)

    def courier(self, phone, home):
        draw = self.random
        near = range(max(1, home - 6), min(self.shape.villages, home + 6) + 1)
        market, market_day = draw.choice(near), draw.randrange(7)
        for day in range(self.shape.days):
            stays = []
            if draw.random() < 1 / self.shape.home:
                stays.append((home, draw.uniform(6, 19), self.short(65)))
            if day % 7 == market_day and draw.random() < self.shape.market:
                stays.append((market, draw.uniform(6, 10), self.short(125)))
            if draw.random() < self.shape.commune:
                stays.append((COMMUNE, draw.uniform(8, 16), self.short(100)))
            for place, hour, length in stays:
                start = day * DAY + hour * HOUR
                self.add(self.contacts, start, start + length, place, phone)

    def meetings(self, homes):
        draw = self.random
        phones = sorted(homes)
        for day in range(self.shape.days):
            for _ in range(int(self.shape.meetings + draw.random())):
                one = draw.choice(phones)
                others = [phone for phone in phones if phone != one]
                near = [phone for phone in others if abs(homes[phone] - homes[one]) <= 8]
                start = day * DAY + draw.uniform(6, 19) * HOUR
                self.add(self.contacts, start, start + self.short(43), one, draw.choice(near or others))

    def make(self):
        shape = self.shape
        first_laptop = shape.villages + 1
        first_phone = first_laptop + shape.teams
        pairs = max(1, shape.teams // 2)
        for team in range(shape.teams):
            pair = team // 2 % pairs
            villages = [1 + village for village in range(shape.villages) if village * pairs // shape.villages == pair]
            self.team(first_laptop + team, villages or [1 + pair % shape.villages])
        homes = {first_phone + i: self.random.randint(1, shape.villages) for i in range(shape.couriers)}
        for phone, home in homes.items():
            self.courier(phone, home)
        if len(homes) > 1:
            self.meetings(homes)
        return self

    def write(self, out):
        shape = self.shape
        last_laptop = shape.villages + shape.teams
        head = (f"# start_s end_s a b ; 0=commune 1-{shape.villages}=village kiosks "
                f"{shape.villages + 1}-{last_laptop}=team laptops {last_laptop + 1}-{last_laptop + shape.couriers}=couriers\n")
        for name, lines in (("plan", self.plan), ("contacts", self.contacts)):
            with open(f"{out}.{name}.txt", "w", encoding="ascii") as file:
                file.write(head)
                file.writelines(f"{a} {b} {c} {d}\n" for a, b, c, d in sorted(lines))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="OUT.plan.txt and OUT.contacts.txt are written")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--villages", type=int, default=40)
    parser.add_argument("--teams", type=int, default=20, help="even; two have the same villages")
    parser.add_argument("--couriers", type=int, default=30)
    parser.add_argument("--days", type=int, default=84)
    parser.add_argument("--visits", type=int, default=2, help="of a team in a week")
    parser.add_argument("--on-time", type=float, default=0.8, help="part of the planned days")
    parser.add_argument("--late", type=float, default=0.12, help="part that takes place one to three days later")
    parser.add_argument("--jitter", type=float, default=40, help="minutes, of the begin of a visit")
    parser.add_argument("--home", type=float, default=2, help="days between two stays of a courier at the own kiosk")
    parser.add_argument("--market", type=float, default=0.9, help="chance that a courier goes to the weekly market")
    parser.add_argument("--commune", type=float, default=0.04, help="chance that a courier is at the commune on a day")
    parser.add_argument("--meetings", type=float, default=3, help="of couriers on a day")
    return parser.parse_args()


def main():
    given = vars(arguments())
    out, seed = given.pop("out"), given.pop("seed")
    Commune(Shape(**given), seed).make().write(out)


if __name__ == "__main__":
    main()
