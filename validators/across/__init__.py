"""What is judged over several filings: which version counts, and what the nämnder show of each other."""
