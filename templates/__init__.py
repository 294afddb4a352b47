"""What the forms are: definitions as data, dated parameters, the register of nämnder. Knows no workbook."""
