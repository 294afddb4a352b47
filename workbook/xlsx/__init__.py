"""From a stranger's file to a set with cells by ids, and facts in and out."""
