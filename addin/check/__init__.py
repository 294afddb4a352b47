"""What every door does with workbooks: check one, collect many. No door of its own."""
