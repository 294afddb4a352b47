"""Changes in a copy of a workbook, everything else kept byte for byte."""
