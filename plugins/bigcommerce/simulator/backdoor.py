"""Rows as the control path reads and changes them: behind everyone's back."""

from collections.abc import Mapping
from typing import Any

from hub.sdk.errors import ConfigError
from hub.sdk.simulation import Effect
from plugins.bigcommerce.simulator import shapes
from plugins.bigcommerce.simulator.context import Context
from plugins.bigcommerce.simulator.rules import FLAGS, resolve_place
from plugins.bigcommerce.simulator.state import company_fields
from plugins.bigcommerce.simulator.stock import Variant
from plugins.bigcommerce.simulator.table import Row, Table


class Backdoor:
    """What a person in the control panel sees and does."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._state = context.state

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return all rows of an entity, oldest first. Raises KeyError: no such entity."""
        state = self._state
        if entity == "companies":
            return [shapes.company_row(state, row) for row in state.companies]
        if entity == "users":
            return [shapes.user(state, row, extra=True) for row in state.users]
        if entity == "addresses":
            return [shapes.address(state, row, extra=True) for row in state.addresses]
        if entity == "customers":
            return [shapes.customer(state, row) for row in state.customers]
        if entity == "inventory":
            return [variant.row() for variant in state.stock.variants.values()]
        others: dict[str, list[dict[str, Any]]] = {
            "customer_groups": list(state.groups.values()),
            "channels": state.channels,
            "extra_fields": list(state.extra_fields.values()),
            "products": list(state.stock.products.values()),
            "locations": list(state.stock.locations.values()),
        }
        return others[entity]

    def put(self, entity: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change the row of that key, or make one. Raises KeyError: no such entity."""
        handlers = {
            "companies": self._put_company,
            "users": self._put_user,
            "addresses": self._put_address,
            "customers": self._put_customer,
            "inventory": self._put_stock,
            "products": self._put_product,
            "customer_groups": self._put_group,
            "channels": self._put_channel,
            "extra_fields": self._put_extra_field,
        }
        return handlers[entity](key, changes)

    def delete(self, entity: str, key: str) -> None:
        """Remove the row of that key. Raises KeyError: no such entity or row."""
        state = self._state
        if entity in ("customer_groups", "channels", "extra_fields"):
            self._delete_small(entity, key)
        elif entity in ("inventory", "products"):
            variant = state.stock.by_sku(key.rpartition("@")[0] or key)
            if variant is None:
                raise KeyError(key)
            state.stock.remove(variant)
            self._note(entity, key, variant.id, "deleted")
        else:
            table, row = self._found(entity, key)
            if row is None:
                raise KeyError(key)
            if entity == "companies":
                state.drop_company(row)
            else:
                table.delete(row)
            self._note(entity, key, row.id, "deleted")

    def _delete_small(self, entity: str, key: str) -> None:
        state = self._state
        if entity == "extra_fields":
            del state.extra_fields[key]
            for company in state.companies:
                company.texts.clear()
        elif entity == "channels":
            state.channels.remove(next(c for c in state.channels if str(c["channelId"]) == key))
        else:
            del state.groups[int(key)]
        self._note(entity, key, key, "deleted")

    def _found(self, entity: str, key: str) -> tuple[Table, Row | None]:
        """Find by the ERP's key, e-mail or external id, else by the vendor's id."""
        state = self._state
        table, index = {
            "companies": (state.companies, f"extra:{self._c.erp_field}"),
            "users": (state.users, "email"),
            "addresses": (state.addresses, "external"),
            "customers": (state.customers, "email"),
        }[entity]
        value = key.casefold() if index == "email" else key
        found = table.find(index, value)
        return table, found[0] if found else table.get(int(key)) if key.isdecimal() else None

    def _note(self, entity: str, key: str, number: Any, effect: Effect) -> None:
        self._c.journal.append(entity, key, str(number), effect, 0)

    def _put_company(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        table, row = self._found("companies", key)
        made = row is None
        if row is None:
            row = self._state.new_company({"companyName": key, **changes}, 0)
            row.data["extra"].setdefault(self._c.erp_field, key)
        company_fields(row.data, changes)
        if "companyStatus" in changes:
            row.data["status"] = int(changes["companyStatus"])
        for name in ("customerGroupId", "bcGroupId"):
            if name in changes:
                row.data["group"] = int(changes[name])
        self._state.changed(table, row)
        self._note("companies", key, row.id, "created" if made else "updated")
        return shapes.company_row(self._state, row)

    def _needs_company(self, changes: Mapping[str, Any]) -> None:
        number = changes.get("companyId")
        if not isinstance(number, int) or self._state.companies.get(number) is None:
            raise ConfigError("A new row needs the member companyId of a company here.")

    def _put_user(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        table, row = self._found("users", key)
        made = row is None
        if row is None:
            self._needs_company(changes)
            row, _ = self._state.new_user({"email": key, "role": 2, **changes})
        for name in ("firstName", "lastName", "email", "phoneNumber", "role", "channelIds"):
            if name in changes:
                row.data[name] = changes[name]
        self._state.changed(table, row)
        self._note("users", key, row.id, "created" if made else "updated")
        return shapes.user(self._state, row, extra=True)

    def _put_address(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        table, row = self._found("addresses", key)
        made = row is None
        if row is None:
            self._needs_company(changes)
            place, _ = resolve_place(changes)
            row = self._state.new_address({"externalId": key, **changes, **place})
        for name, value in changes.items():
            if name in row.data:
                row.data[name] = bool(value) if name in FLAGS else value
        self._state.changed(table, row)
        self._note("addresses", key, row.id, "created" if made else "updated")
        return shapes.address(self._state, row, extra=True)

    def _put_customer(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        table, row = self._found("customers", key)
        made = row is None
        row = row or self._state.new_customer({"email": key})
        row.data.update({n: v for n, v in changes.items() if n in row.data})
        self._state.changed(table, row)
        self._note("customers", key, row.id, "created" if made else "updated")
        return shapes.customer(self._state, row)

    def _put_stock(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        sku, _, place = key.rpartition("@")
        if not sku or not place.isdecimal() or int(place) not in self._state.stock.locations:
            raise ConfigError("The key of a stock level is SKU@LOCATION, such as WH-00001@1.")
        quantity = next(
            (
                changes[n]
                for n in ("quantity", "total_inventory_onhand", "available_to_sell")
                if n in changes
            ),
            None,
        )
        if not isinstance(quantity, int):
            raise ConfigError("A stock level needs the member quantity, a whole number.")
        made = self._state.stock.by_sku(sku) is None
        variant = self._variant(sku)
        self._state.stock.apply([(variant, int(place), quantity)])
        self._note("inventory", key, variant.id, "created" if made else "updated")
        return variant.row()

    def _variant(self, sku: str) -> Variant:
        stock = self._state.stock
        variant = stock.by_sku(sku)
        if variant is None:
            stock.add_product(sku, [sku], 10.0)
            variant = stock.by_sku(sku)
        if variant is None:
            raise KeyError(sku)
        return variant

    def _put_product(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        variant = self._variant(key)
        product = self._state.stock.products[variant.product_id]
        product.update({n: v for n, v in changes.items() if n in product and n != "id"})
        self._note("products", key, product["id"], "updated")
        return product

    def _put_group(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        number = int(key) if key.isdecimal() else None
        if number not in self._state.groups:
            number = self._state.new_group(str(changes.get("name") or key))
        group = self._state.groups[number]
        group.update({n: v for n, v in changes.items() if n in group and n != "id"})
        for company in self._state.companies.find("group", str(number)):
            company.texts.clear()
        self._note("customer_groups", key, number, "updated")
        return group

    def _put_channel(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        for channel in self._state.channels:
            if str(channel["channelId"]) == key:
                channel.update({n: v for n, v in changes.items() if n in channel})
                for user in self._state.users:
                    user.texts.clear()
                self._note("channels", key, key, "updated")
                return channel
        raise KeyError(key)

    def _put_extra_field(self, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        field = {**extra_field(key, len(self._state.extra_fields) + 1), **changes}
        self._state.extra_fields[key] = field
        for company in self._state.companies:
            company.texts.clear()
        self._note("extra_fields", key, field["id"], "updated")
        return field


def extra_field(name: str, number: int, *, required: bool = False) -> dict[str, Any]:
    """Return the definition of a text field of companies (CONTRACT §8.1)."""
    return {
        "id": number,
        "uuid": f"00000000-0000-4000-8000-{number:012d}",
        "fieldName": name,
        "fieldType": 0,
        "isRequired": required,
        "isUnique": False,
        "visibleToEnduser": False,
        "configType": 2,
        "defaultValue": "",
        "maximumLength": "200",
    }
