"""Where the likelihood is highest: coordinates, starts, Newton's method, whether there is a top.

`maximise` finds it, `maximum` holds it; the other modules each know one thing that can be in
the way, such as dependent columns, corners of a prior, several modes, or no maximum at all.
"""
