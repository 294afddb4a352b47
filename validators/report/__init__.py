"""The report's sentences, tables and decisions, tied to the cells of the workbook; judges nothing."""
