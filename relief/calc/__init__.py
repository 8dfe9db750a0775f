"""The arithmetic of the law: frozen values in, frozen values out, no Django and no clock.

- `assess`: one employer × month × insurance, from declared bases to what is due
- `explain`: the same, as steps that a person can follow and that add up
- `holds`: which base counts while a raised one waits for its audit
- `late_fee`: 滞纳金
- `project`: relief of a construction project insured as a project
- `limits`: how base limits follow from an average wage; `estimate`: a month not declared
"""

from .assess import Assessed, Settled, Terms, Totals, add_up, reduce_employer_share, settle, terms

__all__ = [
    "Assessed",
    "Settled",
    "Terms",
    "Totals",
    "add_up",
    "reduce_employer_share",
    "settle",
    "terms",
]
