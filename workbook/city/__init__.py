"""The city's workbook, and a nämnd's from its units."""
