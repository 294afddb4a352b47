"""The report beside the workbook: a Word, PDF or text file as headings, paragraphs and tables. Never written to."""
