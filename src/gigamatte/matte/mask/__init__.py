"""What the user gives by hand: a mask in the network's place, and corrections."""
