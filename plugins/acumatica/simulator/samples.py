"""How the contract kit tries each reading against the simulated instance."""

from hub.sdk.simulation import Sample

SAMPLES = {
    "extract:customer": Sample("Customer", lambda n: {"CustomerName": {"value": f"Renamed {n}"}}),
    "extract:location": Sample(
        "CustomerLocation", lambda n: {"LocationName": {"value": f"Renamed {n}"}}
    ),
    "extract:contact": Sample("Contact", lambda n: {"LastName": {"value": f"Renamed {n}"}}),
    "extract:inventory": Sample(
        "StorageDetails",
        lambda n: {"QtyAvailable": {"value": 1000 + n}},
        row_key=lambda key: key.partition("@")[0] + "/WHOLESALE",
        pages=False,
    ),
}
"""The stock inquiry is one answer over everything (CONTRACT §4)."""
