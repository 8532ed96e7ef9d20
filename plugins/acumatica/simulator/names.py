"""What the seeded wholesaler's customers, people, places and goods are called."""

# ruff: noqa: SIM905 - word lists read better as text

SURNAMES = (
    "Abbott Abernathy Ackerman Alvarez Barlow Becker Bergström Blake Brandt Calloway Carver Castillo Chen "
    "Cortez Dalton Delacroix Donnelly Drummond Eastman Ellison Farrow Fitzgerald Fleming Garrity "
    "Giordano Granger Grüber Hadley Halloran Harmon Hastings Hollis Ingram Ivanova Jarvis Jensen "
    "Kaplan Kaufmann Keating Kowalski Lambert Langley Lindqvist Lockhart MacLeod Maddox Marchetti "
    "McBride Mercer Montrose Müller Nakamura Newell Nguyen Norwood Núñez Oakley Okafor O'Brien "
    "Olsen Ortega Paxton Pelletier Pereira Pruitt Quigley Radcliffe Rasmussen Redmond Rhodes "
    "Rousseau Rutherford Salazar Sandoval Schneider Sheridan Sinclair Sørensen Stanton Sterling "
    "Tanaka Thatcher Tremblay Underwood Van-Houten Vaughn Vickers Villanueva Wagner Walsh Weaver "
    "Whitfield Winslow Wójcik Yamada Yates Yoder Zamora Ziegler Zimmerman"
).split()
FIRST_NAMES = (
    "Aaron Alice Amara Andrew Anita Ben Brigitte Carlos Chloé Claire Daniel Dawn Diego Elena "
    "Emily Erik Fatima Frank Gina Grace Hannah Henry Hiro Ines Isaac Jana Jörg Julia Karen Kenji "
    "Laura Leo Linda Lukas Maria Marc Megan Miguel Nadia Nina Oliver Omar Pat Paula Peter Priya "
    "Rachel René Rosa Samuel Sara Sofia Stefan Tara Thomas Uma Vera Victor Wanda Yusuf Zoë"
).split()
TRADES = (
    "Electrical|Plumbing|Hardware|Industrial|HVAC|Lighting|Fasteners|Marine|Paint|Tool|Building|"
    "Garden|Safety|Janitorial|Packaging|Restaurant|Hospitality|Automotive|Hydraulics|Bearings|"
    "Roofing|Flooring|Tile|Lumber|Glass|Welding|Pump|Valve|Irrigation|Pool|Fire & Safety|Dental|"
    "Medical|Laboratory|School|Office|Print|Sign|Textile|Footwear|Outdoor|Bicycle|Sports|Toy|Pet|"
    "Farm|Feed|Dairy|Bakery|Beverage"
).split("|")
SUFFIXES = (
    "Supply|Supply Co.|Distributors|Wholesale|Trading|Products|Group|& Sons|Partners|Inc.|LLC|"
    "Outlet|Depot|Warehouse|Services|Holdings|International|Direct|Brothers|Works"
).split("|")
STREETS = (
    "Main St|Commerce Blvd|Industrial Pkwy|Depot Rd|Harbor Dr|Mill Ln|Oak Ave|Route 9|Station Rd|"
    "Union St|Warehouse Way|W 5th Ave|Elm St|Foundry St|Canal St|Airport Rd"
).split("|")
TITLES = (
    "Buyer|Purchasing Manager|Owner|Office Manager|Accounts Payable|Operations|Warehouse Manager|"
    "Sales|Receiving"
).split("|")
SITES = "Warehouse|Branch|Yard|Showroom|Jobsite|Annex|Distribution Center|Store".split("|")

US_PLACES = (
    ("Seattle", "WA", "98104", "206"),
    ("Portland", "OR", "97205", "503"),
    ("San Diego", "CA", "92101", "619"),
    ("Fresno", "CA", "93721", "559"),
    ("Phoenix", "AZ", "85004", "602"),
    ("Denver", "CO", "80202", "303"),
    ("Austin", "TX", "78701", "512"),
    ("Houston", "TX", "77002", "713"),
    ("Tulsa", "OK", "74103", "918"),
    ("Omaha", "NE", "68102", "402"),
    ("St. Louis", "MO", "63101", "314"),
    ("Chicago", "IL", "60607", "312"),
    ("Madison", "WI", "53703", "608"),
    ("Detroit", "MI", "48226", "313"),
    ("Columbus", "OH", "43215", "614"),
    ("Louisville", "KY", "40202", "502"),
    ("Nashville", "TN", "37203", "615"),
    ("Atlanta", "GA", "30303", "404"),
    ("Miami", "FL", "33131", "305"),
    ("Raleigh", "NC", "27601", "919"),
    ("Pittsburgh", "PA", "15222", "412"),
    ("Newark", "NJ", "07102", "973"),
    ("Albany", "NY", "12207", "518"),
    ("Boston", "MA", "02110", "617"),
)
"""City, state, postal code, area code."""

FOREIGN_PLACES = (
    ("Toronto", "ON", "M5V 2T6", "CA", "+1 416"),
    ("Montréal", "QC", "H3B 4W8", "CA", "+1 514"),
    ("Vancouver", "BC", "V6B 1A1", "CA", "+1 604"),
    ("Hamburg", "", "20457", "DE", "+49 40"),
    ("München", "", "80331", "DE", "+49 89"),
    ("Leeds", "", "LS1 4AP", "GB", "+44 113"),
    ("Bristol", "", "BS1 5TR", "GB", "+44 117"),
    ("Lyon", "", "69002", "FR", "+33 4"),
    ("Nantes", "", "44000", "FR", "+33 2"),
    ("Singapore", "", "048583", "SG", "+65"),
    ("Monterrey", "NLE", "64000", "MX", "+52 81"),
    ("Rotterdam", "", "3011 AA", "NL", "+31 10"),
)
"""City, state, postal code, country, dialling code."""

LONG_NAME = "Consolidated Northwestern Agricultural Equipment, Irrigation and Marine Hardware Cooperative 1927 Lt"
"""Exactly 100 characters."""

UNICODE_NAMES = (
    "Bäckerei Größmann & Töchter GmbH",
    "Łódź Narzędzia Sp. z o.o.",
    "東京金物株式会社",
    "Société Générale d'Outillage “L’Étoile”",
    "Ferretería Peñón ñandú 🔧",
)

GOODS = (
    "Hex bolt|Lock washer|Ball valve|Copper elbow|PVC coupling|LED panel|Junction box|Circuit "
    "breaker|Conduit clamp|Work glove|Safety goggle|Respirator filter|Impact driver|Hole saw|Drill "
    "bit set|Extension cord|Pipe wrench|Paint roller|Masking tape|Caulking gun|Garden hose|"
    "Sprinkler head|Pump impeller|Roller bearing|V-belt|Shop vacuum|Step ladder|Hand truck|"
    "Storage bin|Label printer"
).split("|")
SIZES = '1/4"|3/8"|1/2"|3/4"|1"|2"|6 mm|8 mm|10 mm|12 mm|Small|Medium|Large|10-pack|50-pack'.split(
    "|"
)

CUSTOMER_CLASSES = (
    ("DISTRIB", "Distributors", 30),
    ("DEALER", "Dealers", 40),
    ("KEYACCT", "Key accounts", 10),
    ("EXPORT", "Export, no duty", 14),
    ("INTERCO", "Intercompany", 6),
)
PRICE_CLASSES = (
    ("WHOLESALE", "Wholesale"),
    ("RETAIL", "Retail"),
    ("VIP", "Very important"),
    ("CONTRACT", "Contract prices"),
)
WAREHOUSES = (
    ("WHOLESALE", "Wholesale warehouse", True),
    ("RETAIL", "Retail store", True),
    ("EAST", "East coast distribution", True),
    ("RETURNS", "Returns and repairs", True),
)
BRANCHES = (("MAIN", "Head office"), ("WEST", "West coast"))
ORDER_TYPES = (
    ("SO", "Sales Order"),
    ("SA", "Sales order with allocation"),
    ("QT", "Quote"),
    ("IN", "Invoice"),
    ("CS", "Cash Sale"),
    ("CM", "Credit Memo"),
    ("RC", "Return for Credit"),
    ("RM", "Authorized return"),
    ("WB", "Web order"),
)
TERMS = (
    ("30D", "30 Days"),
    ("45D", "45 Days"),
    ("COD", "Cash on Delivery"),
    ("PREPAY", "Prepayment"),
    ("2P10N30", "2 % 10 days, net 30"),
)


def sku(n: int) -> str:
    """Return the InventoryID of the n-th stock item, counted from 1: ``WH-00001``."""
    return f"WH-{n:05d}"
