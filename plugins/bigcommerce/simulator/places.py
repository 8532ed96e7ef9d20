"""Countries and states as the B2B API knows them (CONTRACT §7.3, lookups).

Addresses in the ``NEEDS_STATE`` countries must carry a state; for those with a table here the
state must be one of it, for the others any text passes.
"""

COUNTRIES: dict[str, str] = {
    "AE": "United Arab Emirates",
    "AR": "Argentina",
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CL": "Chile",
    "CN": "China",
    "CZ": "Czech Republic",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "HK": "Hong Kong",
    "HU": "Hungary",
    "ID": "Indonesia",
    "IE": "Ireland",
    "IL": "Israel",
    "IN": "India",
    "IS": "Iceland",
    "IT": "Italy",
    "JP": "Japan",
    "KR": "South Korea",
    "LU": "Luxembourg",
    "MM": "Myanmar",
    "MX": "Mexico",
    "MY": "Malaysia",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PH": "Philippines",
    "PL": "Poland",
    "PT": "Portugal",
    "QA": "Qatar",
    "RO": "Romania",
    "SE": "Sweden",
    "SG": "Singapore",
    "TH": "Thailand",
    "TR": "Turkey",
    "TW": "Taiwan",
    "US": "United States",
    "ZA": "South Africa",
}

NEEDS_STATE = frozenset(
    [
        "AE",
        "AR",
        "AT",
        "AU",
        "BR",
        "CA",
        "CH",
        "CL",
        "DE",
        "ES",
        "ID",
        "IE",
        "IN",
        "IT",
        "JP",
        "MM",
        "MX",
        "MY",
        "NZ",
        "PH",
        "QA",
        "RO",
        "US",
        "ZA",
    ]
)


def _table(text: str) -> dict[str, str]:
    pairs = (entry.split("=", 1) for entry in text.split(";"))
    return {code.strip(): name.strip() for code, name in pairs}


STATES: dict[str, dict[str, str]] = {
    "US": _table(
        "AL=Alabama;AK=Alaska;AZ=Arizona;AR=Arkansas;CA=California;CO=Colorado;CT=Connecticut;"
        "DE=Delaware;DC=District of Columbia;FL=Florida;GA=Georgia;HI=Hawaii;ID=Idaho;IL=Illinois;"
        "IN=Indiana;IA=Iowa;KS=Kansas;KY=Kentucky;LA=Louisiana;ME=Maine;MD=Maryland;"
        "MA=Massachusetts;MI=Michigan;MN=Minnesota;MS=Mississippi;MO=Missouri;MT=Montana;"
        "NE=Nebraska;NV=Nevada;NH=New Hampshire;NJ=New Jersey;NM=New Mexico;NY=New York;"
        "NC=North Carolina;ND=North Dakota;OH=Ohio;OK=Oklahoma;OR=Oregon;PA=Pennsylvania;"
        "PR=Puerto Rico;RI=Rhode Island;SC=South Carolina;SD=South Dakota;TN=Tennessee;TX=Texas;"
        "UT=Utah;VT=Vermont;VA=Virginia;WA=Washington;WV=West Virginia;WI=Wisconsin;WY=Wyoming"
    ),
    "CA": _table(
        "AB=Alberta;BC=British Columbia;MB=Manitoba;NB=New Brunswick;"
        "NL=Newfoundland and Labrador;NT=Northwest Territories;NS=Nova Scotia;NU=Nunavut;"
        "ON=Ontario;PE=Prince Edward Island;QC=Quebec;SK=Saskatchewan;YT=Yukon"
    ),
    "AU": _table(
        "ACT=Australian Capital Territory;NSW=New South Wales;NT=Northern Territory;"
        "QLD=Queensland;SA=South Australia;TAS=Tasmania;VIC=Victoria;WA=Western Australia"
    ),
}

_CODE_BY_COUNTRY_NAME = {name.casefold(): code for code, name in COUNTRIES.items()}
_CODE_BY_STATE_NAME = {
    country: {name.casefold(): code for code, name in states.items()}
    for country, states in STATES.items()
}


def country_code(text: str) -> str | None:
    """Return the ISO2 code for an English name or a code; None when the store knows neither."""
    wanted = text.strip()
    if wanted.upper() in COUNTRIES:
        return wanted.upper()
    return _CODE_BY_COUNTRY_NAME.get(wanted.casefold())


def state_of(country: str, text: str) -> tuple[str, str] | None:
    """Return (code, name) of a state given by code or name; None when it is not in the table.

    In a country without a table any text passes as both.
    """
    wanted = text.strip()
    if country not in STATES:
        return (wanted, wanted) if wanted else None
    table = STATES[country]
    code = wanted.upper() if wanted.upper() in table else None
    code = code or _CODE_BY_STATE_NAME[country].get(wanted.casefold())
    return (code, table[code]) if code else None
