"""Integration Hub: keeps an ERP and a B2B web shop in step."""

__version__ = "0.1.0"
