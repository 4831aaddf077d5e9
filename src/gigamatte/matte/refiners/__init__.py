"""The ways to lift an alpha from one level to the next finer one, each behind the Refiner protocol."""
