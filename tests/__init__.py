"""Tests. Names are sentences; what they need that is not obvious stands in tests/forms.py."""
