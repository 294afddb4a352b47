"""Mistakes planted with a fixed seed in filled workbooks: what is found, at the cell, with how many findings."""
