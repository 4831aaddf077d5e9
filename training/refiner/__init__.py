"""How the refiner that ships with gigamatte is trained; see training/README.md."""
