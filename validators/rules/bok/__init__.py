"""Rules on the workbook itself and on what its cells hold."""
