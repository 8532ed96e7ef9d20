from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from hub.sdk import Choice, Kind, ParameterSpec
from hub.web import charts, fmt
from hub.web.forms import change_in_words, field_of, posted_value

NOW = datetime(2026, 11, 18, 14, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.34, "340 ms"), (1.2, "1.2 s"), (9, "9 s"), (42, "42 s"), (90, "1 min 30 s"),
     (920, "15 min"), (7800, "2 h 10 min"), (3600, "1 h"), (100800, "1 d 4 h"), (None, "")],
)  # fmt: skip
def test_durations(seconds, said):
    assert fmt.duration(seconds) == said


@pytest.mark.parametrize(
    ("back", "said"),
    [(timedelta(seconds=20), "20 s ago"), (timedelta(hours=2), "2 h ago"),
     (timedelta(seconds=-780), "in 13 min"), (timedelta(days=2), "Monday 14:32"),
     (timedelta(days=10), "8 Nov 14:32"), (timedelta(days=400), "14 Oct 2025 14:32")],
)  # fmt: skip
def test_times(back, said):
    assert fmt.shown(NOW - back, NOW) == said


def test_times_are_in_the_persons_zone_and_utc_in_the_tooltip():
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert fmt.day_time(late, NOW, ZoneInfo("Europe/Berlin")) == "tomorrow 00:30"
    assert fmt.utc_title(late.astimezone(ZoneInfo("Asia/Tokyo"))) == "2026-11-18 23:30:00 UTC"


def test_bars_stand_on_each_other_and_parked_is_never_too_small_to_see():
    series = [
        charts.Series("done", "Delivered", [9000, 0]),
        charts.Series("parked", "Parked", [1, 0]),
    ]
    chart = charts.bar_chart("Messages", "One parked.", ["14:00", "15:00"], series)
    done, parked = chart.bars[0].parts
    assert parked.height == charts.LEAST_PARKED
    assert parked.y + parked.height < done.y
    assert parked.y >= 0
    assert chart.bars[1].parts == ()
    assert chart.bars[0].tip == "14:00\nDelivered 9,000\nParked 1"
    assert [tick.label for tick in chart.y] == ["0", "5,000", "10,000", "15,000"]


def test_an_empty_chart_can_be_drawn():
    assert charts.bar_chart("x", "Nothing.", [], []).bars == ()
    assert charts.line_chart("x", "Nothing.", [], []).lines == ()
    assert charts.sparkline([]) == ()


@pytest.mark.parametrize(
    ("kind", "form", "value"),
    [
        (Kind.TEXT, {"p.x": " a "}, "a"),
        (Kind.TEXT, {}, None),
        (Kind.NUMBER, {"p.x": "80"}, "80"),
        (Kind.BOOL, {"p.x__sent": "1", "p.x": "1"}, True),
        (Kind.BOOL, {"p.x__sent": "1"}, False),
        (Kind.BOOL, {}, None),
        (Kind.MULTI, {"p.x__sent": "1"}, []),
        (Kind.MULTI, {"p.x": ["A", "B"]}, ["A", "B"]),
        (Kind.MULTI, {}, None),
        (Kind.SECRET, {"p.x": ""}, None),
        (Kind.SECRET, {"p.x": " keeps blanks "}, " keeps blanks "),
        (Kind.SECRET, {"p.x": "", "p.x__clear": "1"}, ""),
        (Kind.TABLE, {"p.x__sent": "1", "p.x__key": ["W1", "", " "], "p.x__value": ["1", "2", ""]}, {"W1": "1"}),
        (Kind.TABLE, {}, None),
    ],
)  # fmt: skip
def test_what_the_browser_sends_becomes_a_value(kind, form, value):
    assert posted_value(MultiDict(form), ParameterSpec("x", "X", kind), prefix="p.") == value


def test_a_secret_never_reaches_the_field():
    spec = ParameterSpec("token", "Token", Kind.SECRET)
    assert field_of(spec, "sk-secret").value is None
    assert change_in_words(spec, "sk-secret") == ""


def test_ticked_values_that_are_gone_stay_and_say_so():
    spec = ParameterSpec("classes", "Class", Kind.MULTI)
    field = field_of(spec, ["A", "GONE"], choices=(Choice("A", "Alpha"),), prefix="p.")
    assert [(c.value, c.note) for c in field.all_choices] == [
        ("A", ""),
        ("GONE", "not found any more"),
    ]
    assert field.id == "f-p-classes"
    assert field_of(spec, "all", choices=(Choice("A", "Alpha"),)).ticked == {"A"}
    with pytest.raises(AttributeError, match="Field has no colour"):
        field_of(spec, [], colour="red")


def test_changes_are_said_in_words():
    spec = ParameterSpec("q", "Quantity", Kind.CHOICE, choices=(Choice("a", "Available"),))
    assert change_in_words(spec, "a") == "Available"
    assert change_in_words(ParameterSpec("b", "B", Kind.BOOL), True) == "on"
    assert change_in_words(ParameterSpec("m", "M", Kind.MULTI), []) == "empty"
