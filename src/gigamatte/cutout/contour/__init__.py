"""The contour of a result's alpha, as curves: traced, fitted, moved outwards, and written as drawings."""
