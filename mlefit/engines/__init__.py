"""Where the passes over the rows run. An engine adds up a function of blocks."""
