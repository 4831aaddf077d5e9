"""How good a result is, in the field's own measures."""
