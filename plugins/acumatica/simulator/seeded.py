"""The seeded tenant: ordinary records, and peculiar ones one by one."""

from datetime import datetime, timedelta

from hub.sdk import Rng
from plugins.acumatica.simulator import names
from plugins.acumatica.simulator.records import Customer
from plugins.acumatica.simulator.seeding import Seeder
from plugins.acumatica.simulator.world import World, seed_lookups


def seed_world(
    world: World, *, start: datetime, seed: int, customers: int, items: int, strays: int = 0
) -> None:
    """Fill a tenant. The first twenty customers carry the peculiarities one by one."""
    seeder = Seeder(world, start, Rng(seed))
    seed_lookups(world, seeder.start - timedelta(days=3 * 365))
    rows = [seeder.customer(n) for n in range(1, customers + 1)]
    make_peculiar(seeder, rows[:24])
    seeder.items(items)
    seeder.strays(strays)


def make_peculiar(seeder: Seeder, rows: list[Customer]) -> None:
    """Give the first 24 customers one peculiarity each; fewer customers stay ordinary."""
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


def _share_email(seeder: Seeder, one: Customer, other: Customer) -> None:
    """One person buys for two customers."""
    for row in (one, other):
        contact = seeder.person(row, "Pat", "Shared", "buying-office.example.com", number=0)
        contact.FirstName, contact.Email = "Pat", "pat.shared@buying-office.example.com"
        contact.Active = True
        row.PrimaryContact = row.PrimaryContact or contact


def _people(seeder: Seeder, row: Customer) -> None:
    """An inactive contact, one without e-mail, one without first name."""
    domain = row.MainContact.Email.partition("@")[2] or "people.example.com"
    for number, (first, last) in enumerate((("Gone", "Fishing"), ("No", "Mail"), ("X", "Mono"))):
        contact = seeder.person(row, first, last, domain, number=number + 10)
        contact.Active = first != "Gone"
        contact.Email = "" if first == "No" else contact.Email or f"{last.lower()}@{domain}"
        contact.FirstName = "" if first == "X" else first


def _places(seeder: Seeder, rows: list[Customer]) -> None:
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
