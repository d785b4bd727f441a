"""One module for each kind of document, named like its schema: what a report of it shows.

`view(record)` gives something with `render(record, options)` and `pictures()`: a
`sections.View` of a title, parts and tables, or what does the same.
"""
