"""What the store refuses: required fields, lengths, choices (CONTRACT §7.1-7.3, vendor schemas)."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from plugins.bigcommerce.simulator.answers import Refused, parameter_error
from plugins.bigcommerce.simulator.places import (
    COUNTRIES,
    NEEDS_STATE,
    STATES,
    country_code,
    state_of,
)

BULK_MAX = 10
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NULL = "This field may not be null."

COMPANY_LIMITS = {
    "companyName": 200,
    "companyEmail": 200,
    "companyPhone": 50,
    "addressLine1": 200,
    "addressLine2": 200,
    "city": 100,
    "state": 50,
    "zipCode": 50,
    "country": 200,
    "adminFirstName": 100,
    "adminLastName": 100,
    "adminEmail": 100,
    "adminPhoneNumber": 100,
}
COMPANY_REQUIRED = {
    "companyName": "company name",
    "companyPhone": "company phone",
    "companyEmail": "company email",
    "country": "country",
    "adminFirstName": "admin first name",
    "adminLastName": "admin last name",
    "adminEmail": "admin email",
}
IN_GROUP_REQUIRED = {
    "companyName": "company name",
    "companyPhone": "company phone",
    "companyEmail": "company email",
    "country": "country",
    "adminEmail": "admin email",
    "adminPhoneNumber": "admin phone number",
}
NAMED = frozenset({"firstName", "lastName", "email"})
USER_LIMITS = {"firstName": 100, "lastName": 100, "email": 255, "phoneNumber": 50, "uuid": 255}
ADDRESS_LIMITS = {
    "firstName": 255,
    "lastName": 255,
    "phoneNumber": 50,
    "zipCode": 30,
    "addressLine1": 255,
    "addressLine2": 255,
    "city": 100,
    "stateName": 100,
    "countryName": 100,
    "label": 255,
    "externalId": 255,
}
ADDRESS_REQUIRED = ("firstName", "lastName", "addressLine1", "city")
FLAGS = ("isBilling", "isShipping", "isDefaultBilling", "isDefaultShipping")


def filled(value: Any) -> bool:
    """Return True for anything but nothing and blank text."""
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def is_id(value: Any) -> bool:
    """Return True for a whole number that is no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def company_problem(
    item: Mapping[str, Any],
    *,
    required: Mapping[str, str],
    extra_fields: Mapping[str, Any],
    blanks: bool = False,
) -> Refused | None:
    """Return why a company's fields are refused: the first fault, as the vendor names one.

    ``required`` is empty for an update; ``blanks`` lets city and state be empty text, as the bulk
    create does.
    """
    for name, label in required.items():
        if not filled(item.get(name)):
            return Refused(422, f"The {label} is required.")
    for name, limit in COMPANY_LIMITS.items():
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            return Refused(422, f"{name}: Not a valid string.")
        if isinstance(value, str) and len(value) > limit:
            return Refused(422, f"{name}: Ensure this field has no more than {limit} characters.")
    for name in () if blanks else ("companyName", "companyEmail", "city", "state", "country"):
        if item.get(name) is not None and not filled(item[name]):
            return Refused(422, f"{name}: This field may not be blank.")
    for name in ("companyEmail", "adminEmail"):
        if filled(item.get(name)) and not EMAIL.fullmatch(item[name]):
            return Refused(422, f"{name}: Enter a valid email address.")
    if filled(item.get("country")) and country_code(item["country"]) is None:
        return Refused(422, f"country: {item['country']} is not a valid country.")
    if filled(item.get("uuid")) and not _is_uuid(item["uuid"]):
        return Refused(422, "uuid: Must be a valid UUID.")
    return _extra_field_problem(item, extra_fields, creating=bool(required))


def _is_uuid(text: Any) -> bool:
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True


def _extra_field_problem(
    item: Mapping[str, Any], known: Mapping[str, Any], *, creating: bool
) -> Refused | None:
    fields = item.get("extraFields") or []
    if not isinstance(fields, list) or not all(
        isinstance(f, Mapping) and {"fieldName", "fieldValue"} <= f.keys() for f in fields
    ):
        return Refused(422, "extraFields: Expected a list of fieldName and fieldValue.")
    given = {str(f["fieldName"]): f["fieldValue"] for f in fields}
    for name, value in given.items():
        if name not in known:
            return Refused(422, f"The extra field {name} does not exist.")
        limit = known[name].get("maximumLength")
        if limit and len(str(value)) > int(limit):
            return Refused(422, f"The extra field {name} allows at most {limit} characters.")
    for name, definition in known.items():
        if creating and definition.get("isRequired") and not filled(given.get(name)):
            return Refused(422, f"The extra field {name} is required.")
    return None


def user_problem(item: Mapping[str, Any], channels: set[int], *, creating: bool) -> Refused | None:
    """Return why a user's fields are refused (CONTRACT §7.2)."""
    errors: dict[str, list[str]] = {}
    required = ("firstName", "lastName", "email", "companyId") if creating else ()
    for name in required:
        if not filled(item.get(name)):
            errors[name] = [NULL.rstrip(".")]
    for name, limit in USER_LIMITS.items():
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            errors[name] = ["Not a valid string."]
        elif isinstance(value, str) and len(value) > limit:
            errors[name] = [f"Ensure this field has no more than {limit} characters."]
        elif not creating and name in NAMED & item.keys() and not filled(value):
            errors[name] = ["This field may not be blank."]
    if "email" not in errors and item.get("email") and not EMAIL.fullmatch(item["email"]):
        errors["email"] = ["Enter a valid email address."]
    if creating and "companyId" not in errors and not is_id(item.get("companyId")):
        errors["companyId"] = ["A valid integer is required."]
    if item.get("role") is not None and not (is_id(item["role"]) and item["role"] in (0, 1, 2)):
        errors["role"] = [f'"{item["role"]}" is not a valid choice.']
    if errors:
        return parameter_error(errors)
    if item.get("companyRoleId") is not None and not is_id(item["companyRoleId"]):
        return parameter_error({"companyRoleId": ["A valid integer is required."]})
    if creating and item.get("role") is None and item.get("companyRoleId") is None:
        return parameter_error({"non_field_errors": ["User must have a role."]})
    return _channel_problem(item, channels, creating=creating)


def known_channels(wanted: Any, channels: set[int]) -> bool:
    """Return True for a list of channels of the store, not empty."""
    if not isinstance(wanted, list) or not wanted:
        return False
    return all(is_id(number) and number in channels for number in wanted)


def _channel_problem(
    item: Mapping[str, Any], channels: set[int], *, creating: bool
) -> Refused | None:
    if not creating and "channelIds" not in item:
        return None
    if not known_channels(item.get("channelIds"), channels):
        return Refused(
            422,
            "Processing data contains logical errors",
            {"errMsg": "At least one B2B storefront needs to be enabled for a Company user."},
        )
    return None


def address_errors(
    item: Mapping[str, Any], *, creating: bool, country: str = ""
) -> dict[str, list[str]]:
    """Return the faults of an address by field, in the vendor's snake_case (CONTRACT §7.3).

    ``country`` is the code that an address has before a change.
    """
    errors: dict[str, list[str]] = {}
    for name in ADDRESS_REQUIRED:
        if creating and item.get(name) is None:
            errors[_snake(name)] = [NULL]
        elif name in item and not filled(item[name]):
            errors[_snake(name)] = ["This field may not be blank."]
    for name, limit in ADDRESS_LIMITS.items():
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            errors[_snake(name)] = ["Not a valid string."]
        elif isinstance(value, str) and len(value) > limit:
            errors[_snake(name)] = [f"Ensure this field has no more than {limit} characters."]
    for name in FLAGS:
        if name in item and not isinstance(item[name], bool):
            errors[_snake(name)] = ["Must be a valid boolean."]
    if creating and not is_id(item.get("companyId")):
        errors["company_id"] = [NULL]
    moved = not creating and item.get("countryCode") not in (None, country)
    if moved and not filled(item.get("stateCode")):
        errors["state_code"] = ["A new country code needs a state code."]
    for kind in ("Billing", "Shipping"):
        if item.get(f"isDefault{kind}") is True and item.get(f"is{kind}") is not True:
            errors[f"is_default_{kind.lower()}"] = [f"A default needs is{kind} to be true."]
    return errors


def resolve_place(item: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the country and state fields of an address, and their faults by field.

    The country is taken from ``countryCode`` or ``countryName``, the state from ``stateCode`` or
    ``stateName``; where both are given they must mean the same place.
    """
    codes = {
        country_code(str(item[n])) for n in ("countryCode", "countryName") if filled(item.get(n))
    }
    if not codes:
        return {}, {"country_name": [NULL]}
    country = codes.pop()
    if country is None or codes:
        return {}, {"country_name": ["Please enter a valid country."]}
    given = {n: str(item[n]) if filled(item.get(n)) else "" for n in ("stateCode", "stateName")}
    place = {"countryCode": country, "countryName": COUNTRIES[country], **given}
    texts = [text for text in given.values() if text]
    if not texts:
        needed = {"state_name": ["State is required for this country."]}
        return ({}, needed) if country in NEEDS_STATE else (place, {})
    if country not in STATES:
        return place, {}
    states = {state_of(country, text) for text in texts}
    state = states.pop()
    if state is None or states:
        return {}, {"state_name": ["Please enter a valid state for this country."]}
    return {**place, "stateCode": state[0], "stateName": state[1]}, {}


def _snake(name: str) -> str:
    return (
        re.sub(r"(?<!^)([A-Z])", r"_\1", name)
        .lower()
        .replace("line1", "line_1")
        .replace("line2", "line_2")
    )
