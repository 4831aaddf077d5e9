"""Measures how good a result is, by the error measures of matting research."""
