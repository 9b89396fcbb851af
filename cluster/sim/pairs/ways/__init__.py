"""One quiz room written three ways, and once with nothing between its players, in small."""
