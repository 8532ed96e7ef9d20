"""Countries and states as the B2B API knows them (CONTRACT §7.3, lookups).

Addresses in the ``NEEDS_STATE`` countries must carry a state; for those with a table here the
state must be one of it, for the others any text passes.
"""


def _table(text: str) -> dict[str, str]:
    pairs = (entry.split("=", 1) for entry in text.split(";"))
    return {code.strip(): name.strip() for code, name in pairs}


COUNTRIES = _table(
    "AD=Andorra;AE=United Arab Emirates;AF=Afghanistan;AG=Antigua and Barbuda;AI=Anguilla;"
    "AL=Albania;AM=Armenia;AO=Angola;AR=Argentina;AS=American Samoa;AT=Austria;AU=Australia;"
    "AW=Aruba;AZ=Azerbaijan;BA=Bosnia and Herzegovina;BB=Barbados;BD=Bangladesh;BE=Belgium;"
    "BF=Burkina Faso;BG=Bulgaria;BH=Bahrain;BI=Burundi;BJ=Benin;BM=Bermuda;"
    "BN=Brunei Darussalam;BO=Bolivia;BR=Brazil;BS=Bahamas;BT=Bhutan;BW=Botswana;BY=Belarus;"
    "BZ=Belize;CA=Canada;CF=Central African Republic;CG=Congo;CH=Switzerland;"
    "CI=Cote D'Ivoire;CL=Chile;CM=Cameroon;CN=China;CO=Colombia;CR=Costa Rica;CU=Cuba;"
    "CV=Cape Verde;CY=Cyprus;CZ=Czech Republic;DE=Germany;DJ=Djibouti;DK=Denmark;DM=Dominica;"
    "DO=Dominican Republic;DZ=Algeria;EC=Ecuador;EE=Estonia;EG=Egypt;ER=Eritrea;ES=Spain;"
    "ET=Ethiopia;FI=Finland;FJ=Fiji;FK=Falkland Islands (Malvinas);FO=Faroe Islands;"
    "FR=France;GA=Gabon;GB=United Kingdom;GD=Grenada;GE=Georgia;GF=French Guiana;GG=Guernsey;"
    "GH=Ghana;GI=Gibraltar;GL=Greenland;GM=Gambia;GN=Guinea;GP=Guadeloupe;"
    "GQ=Equatorial Guinea;GR=Greece;GT=Guatemala;GU=Guam;GW=Guinea-Bissau;GY=Guyana;"
    "HK=Hong Kong;HN=Honduras;HR=Croatia;HT=Haiti;HU=Hungary;ID=Indonesia;IE=Ireland;"
    "IL=Israel;IM=Isle of Man;IN=India;IQ=Iraq;IR=Iran;IS=Iceland;IT=Italy;JE=Jersey;"
    "JM=Jamaica;JO=Jordan;JP=Japan;KE=Kenya;KG=Kyrgyzstan;KH=Cambodia;KI=Kiribati;KM=Comoros;"
    "KN=Saint Kitts and Nevis;KR=Korea, Republic of;KW=Kuwait;KY=Cayman Islands;"
    "KZ=Kazakhstan;LA=Laos;LB=Lebanon;LC=Saint Lucia;LI=Liechtenstein;LK=Sri Lanka;"
    "LR=Liberia;LS=Lesotho;LT=Lithuania;LU=Luxembourg;LV=Latvia;LY=Libya;MA=Morocco;"
    "MC=Monaco;MD=Moldova;ME=Montenegro;MG=Madagascar;MK=North Macedonia;ML=Mali;MM=Myanmar;"
    "MN=Mongolia;MO=Macao;MQ=Martinique;MR=Mauritania;MT=Malta;MU=Mauritius;MV=Maldives;"
    "MW=Malawi;MX=Mexico;MY=Malaysia;MZ=Mozambique;NA=Namibia;NC=New Caledonia;NE=Niger;"
    "NG=Nigeria;NI=Nicaragua;NL=Netherlands;NO=Norway;NP=Nepal;NR=Nauru;NZ=New Zealand;"
    "OM=Oman;PA=Panama;PE=Peru;PF=French Polynesia;PG=Papua New Guinea;PH=Philippines;"
    "PK=Pakistan;PL=Poland;PR=Puerto Rico;PT=Portugal;PW=Palau;PY=Paraguay;QA=Qatar;"
    "RE=Reunion;RO=Romania;RS=Serbia;RU=Russian Federation;RW=Rwanda;SA=Saudi Arabia;"
    "SB=Solomon Islands;SC=Seychelles;SD=Sudan;SE=Sweden;SG=Singapore;SI=Slovenia;"
    "SK=Slovakia;SL=Sierra Leone;SM=San Marino;SN=Senegal;SO=Somalia;SR=Suriname;"
    "SV=El Salvador;SY=Syria;SZ=Eswatini;TC=Turks and Caicos Islands;TD=Chad;TG=Togo;"
    "TH=Thailand;TJ=Tajikistan;TL=Timor-Leste;TM=Turkmenistan;TN=Tunisia;TO=Tonga;TR=Turkey;"
    "TT=Trinidad and Tobago;TV=Tuvalu;TW=Taiwan;TZ=Tanzania;UA=Ukraine;UG=Uganda;"
    "US=United States;UY=Uruguay;UZ=Uzbekistan;VA=Holy See;"
    "VC=Saint Vincent and the Grenadines;VE=Venezuela;VG=Virgin Islands, British;"
    "VI=Virgin Islands, U.S.;VN=Viet Nam;VU=Vanuatu;WS=Samoa;XK=Kosovo;YE=Yemen;YT=Mayotte;"
    "ZA=South Africa;ZM=Zambia;ZW=Zimbabwe"
)
_OTHER_NAMES = {
    "czechia": "CZ",
    "korea": "KR",
    "south korea": "KR",
    "united states of america": "US",
    "vietnam": "VN",
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


STATES: dict[str, dict[str, str]] = {
    "US": _table(
        "AL=Alabama;AK=Alaska;AZ=Arizona;AR=Arkansas;CA=California;CO=Colorado;CT=Connecticut;"
        "DE=Delaware;DC=District of Columbia;FL=Florida;GA=Georgia;HI=Hawaii;ID=Idaho;IL=Illinois;"
        "IN=Indiana;IA=Iowa;KS=Kansas;KY=Kentucky;LA=Louisiana;ME=Maine;MD=Maryland;"
        "MA=Massachusetts;MI=Michigan;MN=Minnesota;MS=Mississippi;MO=Missouri;MT=Montana;"
        "NE=Nebraska;NV=Nevada;NH=New Hampshire;NJ=New Jersey;NM=New Mexico;NY=New York;"
        "NC=North Carolina;ND=North Dakota;OH=Ohio;OK=Oklahoma;OR=Oregon;PA=Pennsylvania;"
        "PR=Puerto Rico;RI=Rhode Island;SC=South Carolina;SD=South Dakota;TN=Tennessee;TX=Texas;"
        "UT=Utah;VT=Vermont;VA=Virginia;WA=Washington;WV=West Virginia;WI=Wisconsin;WY=Wyoming;"
        "AS=American Samoa;GU=Guam;MP=Northern Mariana Islands;VI=Virgin Islands;"
        "AA=Armed Forces Americas;AE=Armed Forces Europe;AP=Armed Forces Pacific"
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

_CODE_BY_COUNTRY_NAME = _OTHER_NAMES | {n.casefold(): code for code, n in COUNTRIES.items()}
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
    """Return (code, name) of a state given by code or name; None when it is not in the table."""
    table = STATES.get(country, {})
    wanted = text.strip()
    code = wanted.upper() if wanted.upper() in table else None
    code = code or _CODE_BY_STATE_NAME.get(country, {}).get(wanted.casefold())
    return (code, table[code]) if code else None
