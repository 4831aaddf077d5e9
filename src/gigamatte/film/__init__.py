"""Moving pictures: a film, an animated picture or a sequence of pictures → the same, cut, frame by frame."""
