"""From features to windows: clipped, scaled and reduced by what the fit rows show."""
