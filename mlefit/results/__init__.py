"""What the commands hand over: frozen records that hold numbers and describe every one of them.

One module for each kind of document. Its last line names the record of a whole document,
`RECORD`, whose schema is `mlefit/<module>/<major version>`; so a saved file finds the record
it was written from. The field order is the key order of the JSON document; a field's
description is printed from here and nowhere else. Records have no behaviour: `report`
renders them, nothing computes from them.
"""
