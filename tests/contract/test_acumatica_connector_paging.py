"""Reading a moving list without order: no row that stays is missed."""

from datetime import UTC, datetime

import pytest

from hub.sdk import Rng, Window
from plugins.acumatica.actions import SHAPES
from plugins.acumatica.paging import read_pages, resume_at
from plugins.acumatica.query import chunks, key_filter, list_params, window_filter


class Moving:
    """A list of numbers that others change between the calls."""

    def __init__(self, count: int, move=None) -> None:
        self.rows = list(range(count))
        self.move = move or (lambda rows, call: None)
        self.asked: list[tuple[int | None, int]] = []

    def __call__(self, top, skip):
        self.move(self.rows, len(self.asked))
        self.asked.append((top, skip))
        return [{"n": n} for n in self.rows[skip : None if top is None else skip + top]]


def read(moving: Moving, size=100, overlap=20) -> list[int]:
    pages = read_pages(moving, lambda row: row["n"], size=size, overlap=overlap)
    return [row["n"] for page in pages for row in page]


def test_a_still_list_is_read_once_with_no_row_twice():
    moving = Moving(950)
    assert read(moving) == list(range(950))
    assert len(moving.asked) == 12
    assert len(Moving(7).rows) == len(read(Moving(7)))


@pytest.mark.parametrize("gone", [1, 15, 19, 20, 35, 60])
def test_rows_that_leave_hide_no_other(gone):
    def leave(rows, call):
        if call == 3:
            del rows[50 : 50 + gone]

    assert set(Moving(1000, leave).rows[120:]) <= set(read(Moving(1000, leave)))


def test_the_last_row_of_a_page_leaves():
    def leave(rows, call):
        if call == 1:
            rows.remove(99)

    moving = Moving(300, leave)
    assert set(range(300)) == set(read(moving))
    assert (None, 0) not in moving.asked


def test_rows_that_come_in_before_are_no_harm():
    def come(rows, call):
        rows[0:0] = range(10_000 + call * 10, 10_000 + call * 10 + 5)

    assert set(range(500)) <= set(read(Moving(500, come)))


def test_random_moves_never_lose_a_row_that_stays():
    for seed in range(30):
        random = Rng(seed).random

        def move(rows, _call, random=random):
            for _ in range(random.randrange(0, 12)):
                rows.remove(random.choice([n for n in rows if n % 7 == 0] or rows))
            for _ in range(random.randrange(0, 12)):
                rows.insert(random.randrange(len(rows)), random.randrange(10**6, 10**9))

        moving = Moving(1500, move)
        stays = {n for n in range(1500) if n % 7}
        assert stays <= set(read(moving)), f"seed {seed}"


def test_a_list_in_a_new_order_each_time_is_read_whole():
    for seed in range(10):
        random = Rng(seed).random
        moving = Moving(250, lambda rows, _call, random=random: random.shuffle(rows))
        assert set(read(moving)) == set(range(250))
        assert moving.asked[-1] == (None, 0)


def test_resume_is_the_servers_time_before_the_reading_less_the_lag():
    started = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    newest = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert resume_at(started, newest, Window()).position == "2026-11-24T11:59:00+00:00"
    assert resume_at(None, newest, Window()).position == "2026-11-24T10:59:00+00:00"
    assert resume_at(None, None, Window()) is None


def test_filters_are_literals_of_contract_version_4():
    since = datetime(2024, 8, 18, 23, 59, 59, 999_900, tzinfo=UTC)
    assert window_filter("LastModifiedDateTime", since, None) == (
        "LastModifiedDateTime ge datetimeoffset'2024-08-18T23:59:59.999+00:00'"
    )
    assert key_filter(SHAPES["customer"], "O'Brien") == "CustomerID eq 'O''Brien'"
    assert (
        key_filter(SHAPES["location"], "C1/MAIN") == "(Customer eq 'C1' and LocationID eq 'MAIN')"
    )
    assert key_filter(SHAPES["contact"], "0104") == "ContactID eq 104"
    assert key_filter(SHAPES["contact"], "x' or 1") == ""


def test_keys_go_in_chunks_that_keep_the_address_short():
    from urllib.parse import quote, urlencode

    shape = SHAPES["location"]
    keys = [f"CUSTOMER{n:06d}/LOCATION{n:04d}" for n in range(100)]
    url, params = "https://erp.example.com/Site/entity/Default/24.200.001/CustomerLocation", None
    params = list_params(shape, "")
    parts = list(chunks(keys, lambda key: key_filter(shape, key), params, url))
    assert sum(part.count("LocationID eq") for part in parts) == 100
    assert (
        max(
            len(url) + len(urlencode({**params, "$filter": part}, quote_via=quote))
            for part in parts
        )
        < 2000
    )
    assert max(part.count("LocationID eq") for part in parts) <= 20
