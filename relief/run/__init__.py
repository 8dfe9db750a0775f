"""The recalculation: set-based SQL over a range of employers, and the same in Python for one.

- `inputs`: what a run reads, frozen by high-water marks; the law flattened for SQL
- `held`: the bases that raised ones count with until their audit ends
- `statements`: the one SQL statement that assesses a shard, in its parts
- `shard`: running it, for real or as a simulation
- `totals`: adding a run's shards up
- `single`: one employer in Python, by the formulas of `relief.calc`; a test proves both equal
"""
