"""What was handed in: building, reading, evaluating, nyckeltal and consolidation. Passes no judgement."""
