"""Without a server: the same Python in the browser, as a pane in Excel and as a page."""
