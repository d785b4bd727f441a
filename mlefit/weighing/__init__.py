"""Fixed data, moving parameters: points, curves and surfaces of a likelihood."""
