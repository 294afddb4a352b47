"""Arithmetic: values as people write them, nyckeltal, status, and the evaluation of a set."""
