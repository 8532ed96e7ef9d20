"""Every rule has its sentence: field, what is wrong, what was entered, what to do."""

import pytest
from werkzeug.datastructures import MultiDict

from hub.sdk import Kind, ParameterSpec
from hub.settings.endpoints import BadTemplate, expand
from hub.settings.forms import form_values
from hub.settings.schedules import cron_problem
from hub.settings.specs import CONNECTION_SPECS, SECTIONS, defaults, specs_of
from hub.settings.validate import validate

SPECS = [
    ParameterSpec("url", "Instance URL", Kind.URL, required=True),
    ParameterSpec("password", "Password", Kind.SECRET, required=True),
    ParameterSpec(
        "hash",
        "Store hash",
        pattern="[a-z0-9]{3,12}",
        pattern_help="must be 3 to 12 small letters or digits",
        max_length=12,
    ),
    ParameterSpec("channels", "Channels", Kind.MULTI),
    ParameterSpec("table", "Table", Kind.TABLE),
    ParameterSpec("count", "Count", Kind.NUMBER, minimum=1),
]
EXAMPLE = "Instance URL must be an address like https://erp.example.com/site"


@pytest.mark.parametrize(
    ("store", "raw", "sentence"),
    [
        (
            "messages",
            {"retry_count": "80"},
            "Retry Count must be between 0 and 50. You entered 80.",
        ),
        ("messages", {"retry_count": -1}, "Retry Count must be between 0 and 50. You entered -1."),
        (
            "messages",
            {"retry_count": "5.5"},
            "Retry Count must be a whole number between 0 and 50. You entered 5.5.",
        ),
        (
            "messages",
            {"retry_count": True},
            "Retry Count must be a whole number between 0 and 50. You entered True.",
        ),
        (
            "messages",
            {"retry_interval": "0"},
            "Retry Interval must be between 1 and 360. You entered 0.",
        ),
        (
            "messages",
            {"batch": "perhaps"},
            "Enable Batch Mode must be true or false. You entered perhaps.",
        ),
        (
            "messages",
            {"batch_count": "x" * 200},
            "Batch Count must be a whole number between 1 and 10000. You entered "
            + "x" * 60
            + "….",
        ),
        (
            "messages",
            {"retry_cuont": 1},
            "There is no setting called retry_cuont here. Did you mean retry_count?",
        ),
        (
            "preferences",
            {"sync_qty": "all"},
            "Sync Qty. must be one of: available, available_for_shipping, on_hand. You entered all.",
        ),
        (
            "preferences",
            {"contact_role": 3},
            "Contact role must be one of: 0, 1, 2. You entered 3.",
        ),
        (
            "preferences",
            {"customer_classes": "DEFAULT"},
            "Customer Class must be a list, or all. You entered DEFAULT.",
        ),
        (
            "preferences",
            {"customer_classes": [{"a": 1}]},
            "Customer Class holds an entry that is no value. Choose from the list.",
        ),
        (
            "preferences",
            {"warehouses": []},
            "Warehouses Management: no warehouse is chosen. Choose one, or Default.",
        ),
        (
            "preferences",
            {"warehouses": {}},
            "Warehouses Management: no warehouse is mapped. Map one, or choose Default.",
        ),
        (
            "preferences",
            {"warehouses": {"W1": ""}},
            "Warehouses Management: W1 has no value. Enter one, or remove W1.",
        ),
        (
            "preferences",
            {"warehouses": "W1"},
            "Warehouses Management must be default, a list of warehouses, or a table of warehouse to store location. You entered W1.",
        ),
        (
            "preferences",
            {"safety_stock": -2},
            "Safety stock must be between 0 and 1000000. You entered -2.",
        ),
        (
            "preferences",
            {"earliest_order_date": "1/2/26"},
            "Earliest order date must be a date like 2026-11-24. You entered 1/2/26.",
        ),
        (
            "preferences",
            {"store_time_zone": "Mars"},
            "Store time zone must be a time zone like America/Chicago. You entered Mars.",
        ),
        (
            "preferences",
            {"shipment_trigger": "never"},
            "Send a shipment must be one of: confirmation, invoice_release. You entered never.",
        ),
    ],
)
def test_sentences_of_the_fixed_settings(store, raw, sentence):
    assert list(validate(specs_of(store), raw).errors.values()) == [sentence]


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        (
            {},
            {
                "url": "Instance URL is needed. Enter a value.",
                "password": "Password is needed. Enter a value.",
            },
        ),
        (
            {"url": "erp", "password": "abc"},
            {
                "url": f"{EXAMPLE}. You entered erp.",
                "password": "Password must have at least 6 characters, so that logs can be kept free of it.",
            },
        ),
        (
            {"url": "https://u:p@x", "password": "abcdef"},
            {"url": f"{EXAMPLE}, without user name and password in it."},
        ),
        (
            {"url": "https://x/?a=1", "password": "abcdef"},
            {"url": f"{EXAMPLE}, without anything after ? or #."},
        ),
        (
            {"url": "javascript:alert(1)", "password": "abcdef"},
            {"url": f"{EXAMPLE}. You entered javascript:alert(1)."},
        ),
        (
            {"url": "http://[::1", "password": "abcdef"},
            {"url": f"{EXAMPLE}. You entered http://[::1."},
        ),
        (
            {"url": "http://x", "password": "abcdef", "hash": "A!"},
            {"hash": "Store hash must be 3 to 12 small letters or digits. You entered A!."},
        ),
        (
            {"url": "http://x", "password": "abcdef", "hash": "a" * 13},
            {"hash": "Store hash must have at most 12 characters. You entered 13."},
        ),
        (
            {"url": "http://x", "password": "abcdef", "count": "0"},
            {"count": "Count must be at least 1. You entered 0."},
        ),
        (
            {"url": "http://x", "password": "abcdef", "table": "x"},
            {"table": "Table must be a table of names to values. You entered x."},
        ),
        (
            {"url": "http://x", "password": {"a": 1}},
            {"password": "Password must be text of at most 20000 characters."},
        ),
    ],
)
def test_sentences_of_connection_parameters(raw, errors):
    assert validate(SPECS, raw).errors == errors


def test_values_are_typed_alike_from_text_and_from_json():
    text = validate(
        specs_of("preferences"),
        {
            "safety_stock": "3",
            "include_contacts": "false",
            "contact_role": "1",
            "warehouses": ["W1", "W1", ""],
        },
    )
    typed = validate(
        specs_of("preferences"),
        {"safety_stock": 3, "include_contacts": False, "contact_role": 1, "warehouses": ["W1"]},
    )
    assert (
        text.values
        == typed.values
        == {"safety_stock": 3, "include_contacts": False, "contact_role": "1", "warehouses": ["W1"]}
    )


def test_good_values_survive_beside_bad_ones_and_repr_hides_them():
    found = validate(SPECS, {"url": "x", "password": "canary-secret"})
    assert found.values == {"password": "canary-secret"}
    assert "canary" not in repr(found)


def test_references_only_where_allowed():
    raw = {"url": "http://x", "password": "env:ACU_PASSWORD"}
    assert validate(SPECS, raw, allow_references=True).values["password"] == "env:ACU_PASSWORD"
    clear = validate(
        SPECS, raw | {"password": "abcdefg"}, allow_references=True, clear_secrets=False
    )
    assert clear.errors == {
        "password": "Password cannot stand here in clear. Write env:NAME or file:PATH."
    }


def test_every_setting_says_who_uses_it_and_has_a_default_that_works():
    for section in SECTIONS:
        for setting in section.settings:
            assert setting.used_by or setting.later, setting.spec.name
            assert setting.spec.help
        specs = [s.spec for s in section.settings]
        assert (
            validate(
                specs, {n: v for n, v in defaults(specs).items() if v not in ("", None)}
            ).errors
            == {}
        )
    assert [s.label for s in SECTIONS] == [
        "Customer Sync Preferences",
        "Inventory Sync Preferences",
        "Order Sync Preferences",
        "Order import",
        "Shipment Sync Trigger",
        "Message Processing Settings",
        "Logging",
    ]
    assert defaults(list(CONNECTION_SPECS))["quota_share"] == 90


def test_unticked_boxes_lists_and_warehouse_modes_from_a_form():
    specs = specs_of("preferences")
    form = MultiDict(
        [
            ("p.customer_classes", "A"),
            ("p.customer_classes", "B"),
            ("p.include_locations", "on"),
            ("p.warehouses__mode", "mapped"),
            ("p.warehouses__row.W1", "5"),
            ("p.warehouses__row.W2", ""),
        ]
    )
    raw = form_values(specs, form, "p.")
    assert raw["customer_classes"] == ["A", "B"]
    assert (raw["include_locations"], raw["include_contacts"]) == (True, False)
    assert raw["warehouses"] == {"W1": "5"}
    form = MultiDict(
        [("customer_classes__all", "1"), ("warehouses__mode", "specific"), ("warehouses", "W1")]
    )
    raw = form_values(specs, form)
    assert (raw["customer_classes"], raw["warehouses"]) == ("all", ["W1"])
    assert form_values(specs, MultiDict())["warehouses"] == "default"


def test_endpoints_expand_by_name_only():
    specs = [*SPECS, ParameterSpec("tenant", "Tenant")]
    values = {"url": "https://erp.example.com/", "tenant": "A&B/../x"}
    assert (
        expand("{url}/t/{tenant}/x", specs, values) == "https://erp.example.com/t/A%26B%2F..%2Fx/x"
    )
    assert expand("{url}/{hash}", specs, {}) == "{url}/{hash}"
    for bad in (
        "{url.__class__}",
        "{url!r}",
        "{0}",
        "{}",
        "{password}",
        "{nope}",
        "{url}/{",
        "{url}}",
    ):
        with pytest.raises(BadTemplate):
            expand(bad, specs, values)


@pytest.mark.parametrize("text", ["*/15 * * * *", "0 2 * * 1-5", "30 2 1 * *"])
def test_good_schedules(text):
    assert cron_problem(text) == ""


@pytest.mark.parametrize("text", ["@daily", "* * * * * *", "61 * * * *", "x", "", "0 0 31 2 *"])
def test_bad_schedules_name_themselves_and_the_form(text):
    assert "*/15 * * * *" in cron_problem(text)


@pytest.mark.parametrize(
    ("help", "sentence"),
    [
        ("Store hash must look like k3xq.", "Store hash must look like k3xq. You entered !."),
        ("must look like k3xq", "Store hash must look like k3xq. You entered !."),
        ("letters and digits only", "Store hash: letters and digits only. You entered !."),
        ("", "Store hash must be written another way. You entered !."),
    ],
)
def test_a_plugins_pattern_help_reads_well_however_it_is_worded(help, sentence):
    spec = ParameterSpec("hash", "Store hash", pattern="[a-z]+", pattern_help=help)
    assert validate([spec], {"hash": "!"}).errors == {"hash": sentence}
