"""Field rules and transforms: native → canonical → native; pure functions, no expressions."""

from hub.mapping.hashing import canonical_json, content_hash
from hub.mapping.rules import Mapped, Mapper, Problem
from hub.mapping.transforms import TRANSFORMS, MappingProblem

__all__ = [
    "TRANSFORMS",
    "Mapped",
    "Mapper",
    "MappingProblem",
    "Problem",
    "canonical_json",
    "content_hash",
]
