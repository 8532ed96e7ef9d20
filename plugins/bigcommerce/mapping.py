"""Default field rules: canonical record to native payload (FIRST-FLOWS).

Lengths are the vendor's ``maxLength``. ``acceptWelcomeEmail`` is sent as false unless the
preference is ticked, so that no buyer gets a mail by accident.
"""

from hub.sdk import FieldRule

TRIM = ("trim",)
WELCOME = FieldRule(
    "acceptWelcomeEmail",
    "preferences.send_welcome_email",
    ("bool",),
    when="if_new",
    label="Welcome e-mail",
)
_MAIN = ("bool",)

CUSTOMER_RULES = [
    FieldRule("companyName", "name", TRIM, required=True, max_length=200, label="Company name"),
    FieldRule(
        "companyEmail",
        ("email", "admin.email"),
        TRIM,
        required=True,
        max_length=200,
        label="E-mail of the main contact",
    ),
    FieldRule(
        "companyPhone",
        ("phone", "admin.phone"),
        TRIM,
        required=True,
        max_length=50,
        label="Phone of the main contact",
    ),
    FieldRule("addressLine1", "address.line1", TRIM, max_length=200, label="Address line 1"),
    FieldRule("addressLine2", "address.line2", TRIM, max_length=200, label="Address line 2"),
    FieldRule("city", "address.city", TRIM, max_length=100, label="City"),
    FieldRule(
        "state", "address.state", ("state_name:address.country",), max_length=50, label="State"
    ),
    FieldRule("zipCode", "address.postal_code", TRIM, max_length=50, label="Postal code"),
    FieldRule(
        "country",
        "address.country",
        ("country_name",),
        required=True,
        max_length=200,
        label="Country of the main address",
    ),
    FieldRule(
        "customerGroupId",
        "price_class",
        ("values:price_class", "default:0", "int"),
        label="Price class",
        # A dependent company owns a group that nobody else may choose (CONTRACT §8.1).
        parameter=("company_mode", ("", "independent")),
    ),
    FieldRule(
        "companyStatus",
        "status",
        ("map:active=1,credit_hold=1,one_time=1,inactive=3", "int"),
        label="Status",
    ),
    FieldRule(
        "adminFirstName",
        ("admin.first_name", "admin.last_name", "name"),
        TRIM,
        when="if_new",
        required=True,
        max_length=100,
        label="First name of the main contact",
    ),
    FieldRule(
        "adminLastName",
        ("admin.last_name", "admin.first_name", "name"),
        TRIM,
        when="if_new",
        required=True,
        max_length=100,
        label="Last name of the main contact",
    ),
    FieldRule(
        "adminEmail",
        ("admin.email", "email"),
        TRIM,
        when="if_new",
        required=True,
        max_length=100,
        label="E-mail of the main contact",
    ),
    FieldRule(
        "adminPhoneNumber",
        ("admin.phone", "phone"),
        TRIM,
        when="if_new",
        max_length=100,
        label="Phone of the main contact",
    ),
    WELCOME,
]

LOCATION_RULES = [
    FieldRule("companyId", "parent.external_id", ("int",), required=True, label="Company"),
    FieldRule("externalId", "key", required=True, label="Location key"),
    FieldRule("label", ("name", "code"), TRIM, max_length=255, label="Location name"),
    FieldRule(
        "firstName",
        ("contact.first_name", "contact.last_name", "name", "parent.name"),
        TRIM,
        required=True,
        max_length=255,
        label="Attention",
    ),
    FieldRule(
        "lastName",
        ("contact.last_name", "contact.first_name", "name", "parent.name"),
        TRIM,
        required=True,
        max_length=255,
        label="Attention",
    ),
    FieldRule("phoneNumber", "contact.phone", TRIM, max_length=50, label="Phone"),
    FieldRule(
        "addressLine1",
        "address.line1",
        TRIM,
        required=True,
        max_length=255,
        label="Address line 1",
    ),
    FieldRule("addressLine2", "address.line2", TRIM, max_length=255, label="Address line 2"),
    FieldRule("city", "address.city", TRIM, required=True, max_length=100, label="City"),
    FieldRule(
        "stateName",
        "address.state",
        ("trim", "state_required:address.country", "state_name:address.country"),
        label="State",
    ),
    FieldRule("stateCode", "address.state", ("trim", "upper"), label="State"),
    FieldRule("zipCode", "address.postal_code", TRIM, max_length=50, label="Postal code"),
    FieldRule("countryName", "address.country", ("country_name",), required=True, label="Country"),
    FieldRule("countryCode", "address.country", ("trim", "upper"), label="Country"),
    FieldRule("isShipping", constant=True, label="Ship-to address"),
    FieldRule("isDefaultShipping", "default", _MAIN, label="Default ship-to address"),
    FieldRule("isBilling", "default", _MAIN, label="Billing address"),
    FieldRule("isDefaultBilling", "default", _MAIN, label="Default billing address"),
]

CONTACT_RULES = [
    FieldRule(
        "companyId", "parent.external_id", ("int",), when="if_new", required=True, label="Company"
    ),
    FieldRule(
        "firstName",
        ("first_name", "last_name"),
        TRIM,
        required=True,
        max_length=100,
        label="First name",
    ),
    FieldRule(
        "lastName",
        ("last_name", "first_name"),
        TRIM,
        required=True,
        max_length=100,
        label="Last name",
    ),
    FieldRule("email", "email", TRIM, required=True, max_length=255, label="E-mail"),
    FieldRule("phoneNumber", "phone", TRIM, max_length=50, label="Phone"),
    FieldRule(
        "role",
        "key",
        (
            "equals:parent.primary_contact",
            "choose:0|preferences.contact_role",
            "default:2",
            "int",
        ),
        label="Role",
    ),
    WELCOME,
]

INVENTORY_RULES = [
    FieldRule("sku", "sku", required=True, label="SKU"),
    FieldRule("location", "location", ("default:default",), label="Location"),
    FieldRule("quantity", "quantity", ("int",), required=True, label="Quantity"),
]

RULES = {
    "customer": CUSTOMER_RULES,
    "location": LOCATION_RULES,
    "contact": CONTACT_RULES,
    "inventory": INVENTORY_RULES,
}
