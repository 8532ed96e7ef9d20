"""Every page's blueprint. A new page adds its module here and its navigation entry in the module."""

from flask import Blueprint

from hub.web.views import health, session, setup, start

BLUEPRINTS: tuple[Blueprint, ...] = (health.bp, session.bp, setup.bp, start.bp)
