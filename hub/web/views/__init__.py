"""Every page's blueprint. A new page adds its module here and its navigation entry in the module."""

from flask import Blueprint

from hub.web.views import (
    account,
    common,
    configuration,
    connection,
    connectors,
    dashboard,
    health,
    initialization,
    logs,
    matching,
    messages,
    plugins,
    record_import,
    record_links,
    records,
    runs,
    session,
    setup,
    start,
    syncs,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.bp,
    common.bp,
    configuration.bp,
    connection.bp,
    connectors.bp,
    dashboard.bp,
    health.bp,
    initialization.bp,
    logs.bp,
    matching.bp,
    messages.bp,
    plugins.bp,
    record_import.bp,
    record_links.bp,
    records.bp,
    runs.bp,
    session.bp,
    setup.bp,
    start.bp,
    syncs.bp,
)
