"""One test file for each group of mends. Every mend is shown to be needed by stock MiniStack, and to work."""
