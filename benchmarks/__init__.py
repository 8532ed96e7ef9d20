"""The figures of the README, printed by committed commands: ``python -m benchmarks [NAME …]``."""
