"""Plants duplicates among made-up Russian contacts, and measures what `crm dupes contacts` finds of them.

    python bench/duplicates.py [--contacts 20000] [--planted 1000] [--seeds 1,2,3] [--dir .bench/dupes]

The base is meant to be hard: names as common as they are in Russia, so that there are namesakes; colleagues
who share an office phone and info@; fathers and sons, husbands and wives with one phone at home. Of each
duplicate it is known of whom it is a copy and in which of ten ways it was spoilt.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import generate
from timing import Bench

from crmcli.model.values import ID_LETTERS, Raw
from crmcli.store import layout
from crmcli.store.yaml import codec

_MEN = """Александр:Саша Сергей:Серёжа Дмитрий:Дима Алексей:Лёша Андрей Михаил:Миша Иван:Ваня Евгений:Женя
Владимир:Вова Николай:Коля Максим:Макс Павел:Паша Артём:Тёма Денис Антон Игорь Юрий:Юра Роман:Рома
Илья Виктор:Витя Константин:Костя Олег Виталий:Виталик Кирилл Анатолий:Толя Вячеслав:Слава Вадим Пётр:Петя
Григорий:Гриша Фёдор:Федя Борис:Боря Степан:Стёпа Георгий:Гоша Никита Валерий:Валера Семён:Сёма"""
_WOMEN = """Анна:Аня Елена:Лена Ольга:Оля Наталья:Наташа Татьяна:Таня Мария:Маша Ирина:Ира Екатерина:Катя
Светлана:Света Юлия:Юля Анастасия:Настя Дарья:Даша Людмила:Люда Марина Галина:Галя Надежда:Надя
Евгения:Женя Виктория:Вика Ксения Любовь:Люба Полина Алёна Вероника Лариса:Лара Валентина:Валя
Софья:Соня Елизавета:Лиза Тамара Зинаида:Зина Раиса:Рая"""
_STEMS = """Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков
Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров
Зайцев Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев
Королёв Гусев Киселёв Ильин Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов
Жуков Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов Осипов Сидоров Матвеев Титов Марков
Миронов Крылов Куликов Карпов Власов Мельников Денисов Гаврилов Тихонов Казаков Афанасьев Данилов
Щербаков Чернышёв Шестаков Цветков Юдин Хохлов Ершов Рябов Пестов Кудрявцев Быков Родионов Калашников
Ларионов Пахомов Субботин Горшков Шилов Лыткин Мухин Хромов Елисеев Третьяков Доронин Галкин Лапин
Ермаков Блинов Дроздов Некрасов Панов Сычёв Трофимов Зуев Брагин Агафонов Воронцов Шубин"""
_PARTS = """Бел Гор Дуб Зем Кам Лес Мор Нов Пол Рож Сад Тих Ход Цар Шум Яр Крас Снег Верх Стар Бор Вет Глад
Долг Жел Зор Кит Луг Мед Озер Пет Руч Сол Тал Ус Хмел Чист Щедр"""
FREE = ("mail.ru", "yandex.ru", "gmail.com", "bk.ru", "list.ru", "inbox.ru", "rambler.ru")
_GOODS = """Кровля Фасад Ромашка Лютик Вектор Горизонт Мастер Север Восток Теплодом Стройдвор Альянс Гранит
Сфера Каскад Орион Атлант Маяк Родник Заря Прогресс Феникс Импульс Ресурс Лидер Гарант Эталон Престиж"""
MEN, WOMEN, STEMS, PARTS, GOODS = (text.split() for text in (_MEN, _WOMEN, _STEMS, _PARTS, _GOODS))
LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
    "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
LAYOUT = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")
LETTERS = "абвгдежзиклмнопрстуфхцчшыюя"


@dataclass
class Human:
    """A made-up contact before it is written."""

    first: str
    middle: str
    last: str
    short: str = ""
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    company: str = ""
    domain: str = ""
    birthday: str = ""
    name: str = ""  # where the parts are not known

    def copy(self) -> Human:
        fields = dict(self.__dict__)
        return Human(**{**fields, "phones": list(self.phones), "emails": list(self.emails)})


class Town:
    """Makes people; `chance` decides all of it."""

    def __init__(self, contacts: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.contacts = contacts
        rare = [
            (a + b.lower() + end)
            for a in PARTS for b in PARTS for end in ("ов", "ин", "енко", "ский", "чук")
            if a != b
        ]  # fmt: skip
        self.lasts = [*STEMS, *self.chance.sample(rare, 900)]
        self.last_weights = [1 / (3 + rank) ** 0.8 for rank in range(len(self.lasts))]
        self.firms: list[tuple[str, str, str]] = []
        self.sizes: list[float] = []

    def found_firms(self) -> Iterator[dict[str, Raw]]:
        """The companies; every second has a domain, every third an office phone that all give."""
        for number in range(max(5, self.contacts // 12)):
            company = f"company-{self.letters()}"
            domain = f"{self.latin(self.chance.choice(GOODS))}{number}.ru" if number % 2 else ""
            office = self.phone("495") if number % 3 == 0 else ""
            self.firms.append((company, domain, office))
            self.sizes.append(1 / (1 + number) ** 0.5)
            yield {"id": company, "name": f"ООО «{self.chance.choice(GOODS)} {number}»"}

    def letters(self) -> str:
        return "".join(self.chance.choices(ID_LETTERS, k=8))

    def latin(self, text: str) -> str:
        return "".join(LATIN.get(letter, letter) for letter in text.lower())

    def phone(self, code: str = "") -> str:
        code = code or self.chance.choice(("903", "905", "912", "916", "921", "926", "950", "981"))
        return f"+7{code}{self.chance.randrange(10**7):07}"

    def person(self) -> Human:
        is_man = self.chance.random() < 0.5
        names = MEN if is_man else WOMEN
        place = min(int(self.chance.expovariate(1 / (len(names) / 3))), len(names) - 1)
        first, _, short = names[place].partition(":")
        father = self.chance.choice(MEN).partition(":")[0]
        last = self.surname(self.chance.choices(self.lasts, self.last_weights)[0], is_man)
        human = Human(first, patronymic(father, is_man), last, short)
        if self.chance.random() < 0.75:
            company, domain, office = self.chance.choices(self.firms, self.sizes)[0]
            human.company, human.domain = company, domain
            if office and self.chance.random() < 0.6:
                human.phones.append(office)
        if self.chance.random() < 0.85 or not human.phones:
            human.phones.append(self.phone())
        if self.chance.random() < 0.75:
            human.emails.append(self.address(human))
        elif human.domain and self.chance.random() < 0.3:
            human.emails.append(f"info@{human.domain}")
        if self.chance.random() < 0.25:
            human.birthday = self.birthday()
        if self.chance.random() < 0.35:
            human.middle = ""
        return human

    def birthday(self) -> str:
        year, month, day = (
            self.chance.randrange(*ends) for ends in ((1950, 2004), (1, 13), (1, 29))
        )
        return f"{year}-{month:02}-{day:02}"

    def address(self, human: Human) -> str:
        local = self.latin(f"{human.first[0]}.{human.last}")
        if human.domain:
            return f"{local}{self.chance.choice(('', '', self.chance.randrange(9)))}@{human.domain}"
        return f"{local}{self.chance.randrange(10**4)}@{self.chance.choice(FREE)}"

    def surname(self, stem: str, is_man: bool) -> str:
        if is_man:
            return stem
        if stem.endswith("ский"):
            return stem[:-2] + "ая"
        return stem + "а" if stem.endswith(("ов", "ев", "ёв", "ин")) else stem

    def relatives(self, human: Human) -> Human:
        """A son, a wife or a brother with the phone at home, and often the address."""
        is_man = human.last.endswith(("в", "н", "й", "о", "к"))
        names = MEN if self.chance.random() < 0.6 else WOMEN
        first, _, short = self.chance.choice(names).partition(":")
        while first == human.first:
            first, _, short = self.chance.choice(names).partition(":")
        man = names is MEN
        last = (
            human.last if man == is_man else self.surname(human.last, man) if is_man else human.last
        )
        father = human.first if is_man else "Иван"
        kin = Human(first, patronymic(father, man) if human.middle else "", last, short)
        kin.phones = list(human.phones[-1:])
        if human.emails and self.chance.random() < 0.3:
            kin.emails = list(human.emails)
        return kin


def patronymic(father: str, is_man: bool) -> str:
    special = {
        "Илья": "Ильич", "Никита": "Никитич", "Михаил": "Михайлович", "Павел": "Павлович",
        "Лев": "Львович", "Пётр": "Петрович",
    }  # fmt: skip
    if father in special:
        his = special[father]
    elif father.endswith("ий"):
        his = father[:-2] + "ьевич"
    elif father.endswith(("й", "ь")):
        his = father[:-1] + "евич"
    else:
        his = father + "ович"
    if is_man:
        return his
    return his[:-2] + "на" if his.endswith(("ович", "евич")) else his + "на"  # Никитична


# -- ten ways in which a copy comes about ------------------------------------------------------------


def phone_otherwise(town: Town, human: Human) -> bool:
    """The same mobile, as people write it; the name without the patronymic, another address."""
    mobile = next((p for p in human.phones if p[2] == "9"), "")
    if not mobile:
        return False
    digits = mobile[2:]
    human.phones = [
        town.chance.choice((
            f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}",
            f"8{digits}", f"7 {digits[:3]} {digits[3:]}", f"{digits[:3]} {digits[3:6]} {digits[6:]}",
        ))
    ]  # fmt: skip
    human.middle, human.emails = "", []
    return True


def same_mailbox(town: Town, human: Human) -> bool:
    """The same mailbox, written otherwise, another phone; sometimes no surname."""
    if not human.emails or human.emails[0].startswith("info@"):
        return False
    local, _, domain = human.emails[0].partition("@")
    ways = [f"{local.title()}@{domain}", f"{local}+crm@{domain}"]
    if domain == "gmail.com":
        ways.append(f"{local.replace('.', '')}@{domain}")
    human.emails = [town.chance.choice(ways)]
    human.phones = [town.phone()]
    human.company = ""
    if town.chance.random() < 0.3:
        human.last = human.middle = ""
    return True


def yo_as_e(town: Town, human: Human) -> bool:
    """е for ё (or the other way round), the mobile or the company the same."""
    text = human.first + human.last
    if "ё" not in text and "Ё" not in text:
        return False
    human.first, human.last = human.first.replace("ё", "е"), human.last.replace("ё", "е")
    return weak_link(town, human)


def other_layout(town: Town, human: Human) -> bool:
    """Typed in the other keyboard layout."""
    human.name = f"{human.last} {human.first}".lower().translate(LAYOUT).capitalize()
    return weak_link(town, human)


def in_latin(town: Town, human: Human) -> bool:
    """In Latin letters."""
    human.name = f"{town.latin(human.first).title()} {town.latin(human.last).title()}"
    return weak_link(town, human)


def other_order(town: Town, human: Human) -> bool:
    """All in one field, and the other way round."""
    human.name = f"{human.last} {human.first} {human.middle}".strip()
    return weak_link(town, human)


def one_slip(town: Town, human: Human) -> bool:
    """One letter of the surname left out, doubled, or another one."""
    place = town.chance.randrange(1, len(human.last) - 1)
    last, letter = human.last, town.chance.choice(LETTERS)
    human.last = town.chance.choice((
        last[:place] + last[place + 1 :],
        last[:place] + letter + last[place + 1 :],
        last[:place] + last[place + 1] + last[place] + last[place + 2 :],
    ))  # fmt: skip
    return human.last != last and weak_link(town, human, company=False)


def called_short(town: Town, human: Human) -> bool:
    """As friends call them."""
    if not human.short:
        return False
    human.first, human.middle = human.short, ""
    return weak_link(town, human)


def initials(town: Town, human: Human) -> bool:
    """Only the surname whole; the phone is the same."""
    middle = f" {human.middle[0]}." if human.middle else ""
    human.name = f"{human.last} {human.first[0]}.{middle}"
    return weak_link(town, human, company=False)


def born_that_day(town: Town, human: Human) -> bool:
    """Another phone, another company, no address: name and birthday are the same."""
    if not human.birthday or not human.middle:
        return False
    human.phones, human.emails, human.company = [town.phone()], [], ""
    return True


def weak_link(town: Town, human: Human, *, company: bool = True) -> bool:
    """Leave one thing in common: the mobile, the mailbox, or only the company."""
    mobile = [p for p in human.phones if p[2] == "9"][:1]
    own = [e for e in human.emails if not e.startswith("info@")][:1]
    kinds: list[str] = ["phone"] * bool(mobile) + ["email"] * bool(own)
    kinds += ["company"] * (company and bool(human.company))
    if not kinds:
        return False
    kind = town.chance.choice(kinds)
    human.birthday = ""
    if kind == "phone":
        human.phones, human.emails, human.company = mobile, [], ""
    elif kind == "email":
        human.phones, human.emails, human.company = [town.phone()], own, ""
    else:
        human.phones, human.emails = [town.phone()], []
    return True


KINDS: dict[str, Callable[[Town, Human], bool]] = {
    "phone otherwise": phone_otherwise,
    "same mailbox": same_mailbox,
    "ё as е": yo_as_e,
    "keyboard layout": other_layout,
    "in Latin letters": in_latin,
    "words in another order": other_order,
    "one letter": one_slip,
    "called short": called_short,
    "initials": initials,
    "birthday": born_that_day,
}


# -- the base --------------------------------------------------------------------------------------


@dataclass
class Planted:
    """Which ids are one, and of which kind each copy is."""

    truth: dict[frozenset[str], str] = field(default_factory=dict)


def make(root: Path, contacts: int, planted: int, seed: int) -> Planted:
    """Write a workspace with so many contacts, so many of them copies."""
    generate.make_empty(root)
    town = Town(contacts, seed)
    records = list(town.found_firms())
    people: list[tuple[str, Human]] = []
    while len(people) < contacts - planted:
        human = town.person()
        people.append((f"contact-{town.letters()}", human))
        if town.chance.random() < 0.04:
            people.append((f"contact-{town.letters()}", town.relatives(human)))
    found = Planted()
    kinds = list(KINDS)
    order = town.chance.sample(range(len(people)), len(people))
    for place in order:
        if len(found.truth) == planted:
            break
        kind = kinds[len(found.truth) % len(kinds)]
        contact_id, human = people[place]
        copy = human.copy()
        if KINDS[kind](town, copy):
            copy_id = f"contact-{town.letters()}"
            found.truth[frozenset((contact_id, copy_id))] = kind
            people.append((copy_id, copy))
    town.chance.shuffle(people)
    records += [raw_of(contact_id, human) for contact_id, human in people]
    for raw in records:
        path = root / layout.record_path(str(raw["id"]))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(codec.dump(raw).encode())
    return found


def raw_of(contact_id: str, human: Human) -> dict[str, Raw]:
    raw: dict[str, Raw] = {"id": contact_id}
    if human.name:
        raw["name"] = human.name
    else:
        parts = (human.first, human.middle, human.last)
        raw["name"] = " ".join(part for part in parts if part)
        raw |= {
            name: part
            for name, part in zip(("first_name", "middle_name", "last_name"), parts, strict=True)
            if part
        }
    if human.birthday:
        raw["birthday"] = human.birthday
    if human.company:
        raw["companies"] = [{"company": human.company}]
    if human.phones:
        raw["phones"] = [{"value": phone, "type": "work"} for phone in human.phones]
    if human.emails:
        raw["emails"] = [{"value": email, "type": "work"} for email in human.emails]
    return raw


# -- measuring -------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """How well the planted copies were found."""

    recall: float
    precision: float
    by_kind: dict[str, float]
    wrong: list[frozenset[str]]
    missed: list[tuple[frozenset[str], str]]
    seconds: float = 0.0


def measure(root: Path, planted: Planted) -> Outcome:
    """Look for duplicates and compare with what was planted, pair by pair."""
    from itertools import combinations

    from crmcli.sales.duplicates.searching import search
    from crmcli.workspace import Workspace

    ws = Workspace.open(root, user="anna")
    _ = ws._index
    started = time.perf_counter()
    found = search(ws, "contact")
    took = time.perf_counter() - started
    pairs = {
        frozenset((found.profiles[one].id, found.profiles[other].id))
        for cluster in found.clusters
        for one, other in combinations(cluster.members, 2)
    }
    truth = planted.truth
    right = pairs & truth.keys()
    total, hits = Counter(truth.values()), Counter(truth[pair] for pair in right)
    return Outcome(
        len(right) / len(truth),
        len(right) / max(len(pairs), 1),
        {kind: hits[kind] / total[kind] for kind in total},
        sorted(pairs - truth.keys(), key=sorted),
        sorted(((p, k) for p, k in truth.items() if p not in right), key=lambda one: one[1]),
        took,
    )


def compare(bench: Bench, size: int) -> None:
    """For bench.py: how long `crm dupes contacts` takes beside `crm contact list` on the same base."""
    base = bench.folder / f"dupes-{size}"
    shutil.rmtree(base, ignore_errors=True)
    make(base, size, size // 20, 1)
    lists = bench.crm(base, "contact", "list", "--limit", "50")
    bench.seconds(lists)  # builds the index
    bench.compare(
        "dupes contacts", size, lambda: bench.crm(base, "dupes", "contacts", "--limit", "50"),
        "contact list", lambda: lists, heavy=True,
    )  # fmt: skip
    shutil.rmtree(base)


def show(root: Path, pair: frozenset[str]) -> str:
    files = [(root / layout.record_path(i)).read_text(encoding="utf-8") for i in sorted(pair)]
    return "  ----\n" + "\n".join("  " + " ".join(text.split()) for text in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--planted", type=int, default=1_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--show", type=int, default=0, help="so many wrong and missed pairs")
    parser.add_argument("--dir", default=str(Path(__file__).parent.parent / ".bench" / "dupes"))
    args = parser.parse_args()
    bad = False
    for seed in map(int, args.seeds.split(",")):
        root = Path(args.dir) / f"seed-{seed}"
        shutil.rmtree(root, ignore_errors=True)
        planted = make(root, args.contacts, args.planted, seed)
        outcome = measure(root, planted)
        bad |= min(outcome.recall, outcome.precision) < 0.97
        print(f"seed {seed}: recall {outcome.recall:.3f}, precision {outcome.precision:.3f}, "
              f"{outcome.seconds:.1f} s")  # fmt: skip
        for kind, recall in outcome.by_kind.items():
            print(f"  {recall:6.1%}  {kind}")
        for pair in outcome.wrong[: args.show]:
            print("wrong", show(root, pair))
        for pair, kind in outcome.missed[: args.show]:
            print("missed", kind, show(root, pair))
    sys.exit(bad)


if __name__ == "__main__":
    main()
