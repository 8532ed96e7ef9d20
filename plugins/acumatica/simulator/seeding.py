"""A wholesaler's data, the same for the same seed and the same start of the clock."""

import re
import unicodedata
from datetime import datetime, timedelta

from hub.sdk import Rng
from plugins.acumatica.simulator import names
from plugins.acumatica.simulator.records import Address, Contact, Customer, Stock
from plugins.acumatica.simulator.world import World, add_item

_YEARS = 3 * 365 * 86_400
_STATUSES = (("Active", 88), ("Credit Hold", 4), ("One-Time", 2), ("On Hold", 2), ("Inactive", 4))
_CLASSES = tuple((key, weight) for key, _, weight in names.CUSTOMER_CLASSES)
_PRICES = (("WHOLESALE", 40), ("RETAIL", 20), ("VIP", 8), ("CONTRACT", 7), ("", 25))


class Seeder:
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

    def strays(self, count: int) -> None:
        """Make contacts of nobody and of a vendor: ``/Contact`` has them too."""
        for n in range(count):
            address, phone = self.place(abroad=False)
            row = self.world.add_contact(
                None,
                address,
                first=self.one(names.FIRST_NAMES),
                last=self.one(names.SURNAMES),
                email=f"lead{n + 1}@fair.example.com",
                phone=phone,
                title="",
                active=True,
                modified=self.moment(),
            )
            if n % 2:
                row.BusinessAccount = f"V{n:06d}"

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
    """Return the name of the n-th customer; from the 100,000th on it ends in a number."""
    scattered = n * 7919 % 100_000
    surname = names.SURNAMES[scattered % 100]
    trade = names.TRADES[scattered // 100 % 50]
    name = f"{surname} {trade} {names.SUFFIXES[scattered // 5000]}"
    return name if n < 100_000 else f"{name} {n // 100_000 + 1}"


def _domain(n: int) -> str:
    return f"{_slug(company_name(n))}.example.com"


def _slug(text: str) -> str:
    # Letters with a stroke do not decompose.
    plain = text.translate(str.maketrans("ØøŁł", "OoLl"))
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
