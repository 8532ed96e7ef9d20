"""Every scenario, by the words that the table shows."""

import scenarios_killed
import scenarios_readings
import scenarios_trouble
from scenario_kit import SCENARIOS, Tally, run

__all__ = [
    "SCENARIOS",
    "Tally",
    "run",
    "scenarios_killed",
    "scenarios_readings",
    "scenarios_trouble",
]
