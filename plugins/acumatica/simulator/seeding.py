"""A wholesaler's data, the same for the same seed and the same start of the clock."""

import re
import unicodedata
from datetime import datetime, timedelta

from hub.sdk import Rng
from plugins.acumatica.simulator import names
from plugins.acumatica.simulator.records import Address, Contact, Customer, Stock
from plugins.acumatica.simulator.world import World, add_item, seed_lookups

_YEARS = 3 * 365 * 86_400
_STATUSES = (("Active", 88), ("Credit Hold", 4), ("One-Time", 2), ("On Hold", 2), ("Inactive", 4))
_CLASSES = tuple((key, weight) for key, _, weight in names.CUSTOMER_CLASSES)
_PRICES = (("WHOLESALE", 40), ("RETAIL", 20), ("VIP", 8), ("CONTRACT", 7), ("", 25))


class _Seeder:
    def __init__(self, world: World, start: datetime, rng: Rng) -> None:
        self.world = world
        self.start = start.replace(microsecond=0)
        self.random = rng.random
        self.import_stamp = self.moment()

    def pick(self, pairs: tuple[tuple[str, int], ...]) -> str:
        at = self.random.random() * 100
        for value, weight in pairs:
            at -= weight
            if at < 0:
                return value
        return pairs[-1][0]

    def one(self, values: "list[str] | tuple[str, ...]") -> str:
        return values[int(self.random.random() * len(values))]

    def chance(self, rate: float) -> bool:
        return self.random.random() < rate

    def moment(self) -> datetime:
        """Return a time in the past three years; some rows share the stamp of one import."""
        if hasattr(self, "import_stamp") and self.chance(0.03):
            return self.import_stamp
        hundredths = int(self.random.random() * _YEARS * 100)
        return self.start - timedelta(
            seconds=3600 + hundredths // 100, milliseconds=-(hundredths % 100) * 10
        )

    def place(self, abroad: bool) -> tuple[Address, str]:
        """Return an address and a telephone number there."""
        street = f"{100 + int(self.random.random() * 9800)} {self.one(names.STREETS)}"
        line2 = f"Suite {int(self.random.random() * 400) + 1}" if self.chance(0.2) else ""
        local = f"555-{int(self.random.random() * 10_000):04d}"
        if abroad:
            places = names.FOREIGN_PLACES
            city, state, postal, country, code = places[int(self.random.random() * len(places))]
            return self.world.address(
                street, line2, city, state, postal, country
            ), f"{code} {local}"
        city, state, postal, code = names.US_PLACES[
            int(self.random.random() * len(names.US_PLACES))
        ]
        return self.world.address(street, line2, city, state, postal, "US"), f"{code}-{local}"

    def customer(self, n: int) -> Customer:
        world = self.world
        name, domain = company_name(n), _domain(n)
        customer_class = self.pick(_CLASSES)
        address, phone = self.place(customer_class == "EXPORT" or self.chance(0.04))
        first, last = self.one(names.FIRST_NAMES), self.one(names.SURNAMES)
        created = self.moment()
        modified = max(created, self.moment())
        card = world.card(
            name,
            address,
            max(created, self.moment()),
            attention=f"{first} {last}" if self.chance(0.9) else "",
            email=f"info@{domain}" if self.chance(0.96) else "",
            phone=phone,
        )
        row = world.add_customer(
            f"C{n:06d}",
            card,
            name=name,
            customer_class=customer_class,
            status=self.pick(_STATUSES),
            currency="USD",
            terms=self.one(("30D", "45D", "COD", "PREPAY")),
            price_class=self.pick(_PRICES),
            created=created,
            modified=modified,
        )
        self.locations(row, n)
        self.contacts(row, domain)
        return row

    def locations(self, customer: Customer, n: int) -> None:
        for extra in range(int(self.pick((("0", 45), ("1", 30), ("2", 15), ("3", 10))))):
            address, phone = self.place(customer.MainContact.Address.Country != "US")
            created = self.moment()
            site = self.one(names.SITES)
            attention = f"{self.one(names.FIRST_NAMES)} {self.one(names.SURNAMES)}"
            card = self.world.card(
                customer.CustomerName,
                address,
                created,
                attention=attention if self.chance(0.7) else "",
                email=f"dock{extra + 1}@{_domain(n)}" if self.chance(0.3) else "",
                phone=phone,
            )
            self.world.add_location(
                customer,
                f"{site[:4].upper()}{extra + 1}",
                f"{address.City} {site}",
                card,
                active=not self.chance(0.04),
                price_class=self.pick(_PRICES),
                created=created,
                modified=max(created, self.moment()),
            )

    def contacts(self, customer: Customer, domain: str) -> None:
        for index in range(int(self.pick((("0", 10), ("1", 40), ("2", 30), ("3", 13), ("4", 7))))):
            first, last = self.one(names.FIRST_NAMES), self.one(names.SURNAMES)
            row = self.person(customer, first, last, domain, number=index)
            if index == 0 and self.chance(0.85):
                customer.PrimaryContact = row

    def person(
        self, customer: Customer, first: str, last: str, domain: str, *, number: int
    ) -> Contact:
        mail = f"{_slug(first)}.{_slug(last)}{number or ''}@{domain}"
        return self.world.add_contact(
            customer,
            customer.MainContact.Address,
            first=first if not self.chance(0.02) else "",
            last=last,
            email=mail if not self.chance(0.06) else "",
            phone=customer.MainContact.Phone1 if self.chance(0.8) else "",
            title=self.one(names.TITLES),
            active=not self.chance(0.04),
            modified=self.moment(),
        )

    def items(self, count: int) -> None:
        warehouses = tuple(key for key, _, _ in names.WAREHOUSES)
        for n in range(1, count + 1):
            moment = self.moment()
            good = names.GOODS[n % len(names.GOODS)]
            add_item(
                self.world,
                names.sku(n),
                Description=f"{good}, {names.SIZES[n % len(names.SIZES)]}",
                ItemClass="STOCKITEM",
                DefaultPrice=round(1 + self.random.random() * 300, 2),
                DefaultWarehouseID=warehouses[0],
                LastModifiedDateTime=moment,
            )
            for index, warehouse in enumerate(warehouses):
                # The first warehouse keeps everything; the others keep a part of it.
                if index == 0 or self.chance((0, 0.5, 0.6, 0.15)[index]):
                    self.world.add_stock(self.stock(names.sku(n), warehouse, n))

    def stock(self, key: str, warehouse: str, n: int) -> Stock:
        on_hand = float(int(self.random.random() ** 2 * 900))
        if self.chance(0.08):
            on_hand = 0.0
        elif n % 25 == 0:
            on_hand += 0.5
        reserved = float(int(self.random.random() * 0.3 * on_hand))
        if self.chance(0.05):
            reserved = on_hand + int(self.random.random() * 20)
        shipped = float(int(reserved * self.random.random()))
        return Stock(
            self.world.number(),
            key,
            warehouse,
            on_hand=on_hand,
            available=on_hand - reserved,
            hard_available=on_hand - shipped,
            modified=self.moment(),
        )


def company_name(n: int) -> str:
    """Return the name of the n-th customer; unique up to 100,000."""
    scattered = n * 7919 % 100_000
    surname = names.SURNAMES[scattered % 100]
    trade = names.TRADES[scattered // 100 % 50]
    return f"{surname} {trade} {names.SUFFIXES[scattered // 5000]}"


def _domain(n: int) -> str:
    return f"{_slug(company_name(n))}.example.com"


def _slug(text: str) -> str:
    # Letters with a stroke do not decompose.
    plain = text.translate(str.maketrans("ØøŁł", "OoLl"))
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def seed_world(world: World, *, start: datetime, seed: int, customers: int, items: int) -> None:
    """Fill a tenant. The first twenty customers carry the peculiarities one by one."""
    seeder = _Seeder(world, start, Rng(seed))
    seed_lookups(world, seeder.start - timedelta(days=3 * 365))
    rows = [seeder.customer(n) for n in range(1, customers + 1)]
    _peculiar(seeder, rows[:24])
    seeder.items(items)


def _peculiar(seeder: _Seeder, rows: list[Customer]) -> None:
    if len(rows) < 24:
        return
    for row in rows:
        row.Status = "Active"
    for row, name in zip(rows[1:6], names.UNICODE_NAMES, strict=True):
        _rename(row, name)
    _rename(rows[6], names.LONG_NAME)
    _rename(rows[8], rows[7].CustomerName)
    for row, status in zip(
        rows[9:13], ("Credit Hold", "One-Time", "On Hold", "Inactive"), strict=True
    ):
        row.Status = status
    rows[13].MainContact.Phone1 = ""
    rows[14].MainContact.Email = ""
    rows[14].PrimaryContact = None
    rows[15].MainContact.Attention = "Purchasing"
    rows[15].PrimaryContact = None
    _share_email(seeder, rows[16], rows[17])
    _people(seeder, rows[18])
    _places(seeder, rows[19:])


def _rename(row: Customer, name: str) -> None:
    row.CustomerName = row.MainContact.CompanyName = name
    for contact in row.Contacts:
        contact.CompanyName = name


def _share_email(seeder: _Seeder, one: Customer, other: Customer) -> None:
    """One person buys for two customers."""
    for row in (one, other):
        contact = seeder.person(row, "Pat", "Shared", "buying-office.example.com", number=0)
        contact.FirstName, contact.Email = "Pat", "pat.shared@buying-office.example.com"
        contact.Active = True
        row.PrimaryContact = row.PrimaryContact or contact


def _people(seeder: _Seeder, row: Customer) -> None:
    """An inactive contact, one without e-mail, one without first name."""
    domain = row.MainContact.Email.partition("@")[2] or "people.example.com"
    for number, (first, last) in enumerate((("Gone", "Fishing"), ("No", "Mail"), ("X", "Mono"))):
        contact = seeder.person(row, first, last, domain, number=number + 10)
        contact.Active = first != "Gone"
        contact.Email = "" if first == "No" else contact.Email or f"{last.lower()}@{domain}"
        contact.FirstName = "" if first == "X" else first


def _places(seeder: _Seeder, rows: list[Customer]) -> None:
    """Addresses that a shop may not like: abroad, without state, inactive."""
    world, moment = seeder.world, seeder.moment()
    main = rows[0].MainContact.Address
    main.City, main.State, main.PostalCode, main.Country = "Singapore", "", "048583", "SG"
    for row, lines, active in (
        (rows[1], ("1 Nowhere Rd", "", "Springfield", "", "62701", "US"), True),
        (rows[2], ("9 Closed Ave", "", "Boston", "MA", "02110", "US"), False),
        (rows[3], ("Große Straße 7", "Hinterhaus", "Köln", "", "50667", "DE"), True),
        (rows[4], ("12 Rue de l'Église", "", "Lyon", "", "69002", "FR"), True),
    ):
        card = world.card(
            row.CustomerName, world.address(*lines), moment, attention="Receiving", phone="555-0100"
        )
        world.add_location(
            row,
            "ODD",
            f"{lines[2]} special site",
            card,
            active=active,
            price_class="",
            created=moment,
            modified=moment,
        )
