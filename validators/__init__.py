"""Judgement: rules over a read blankettset. Imports neither an Excel library nor pandas."""
