"""From features to windows: inputs are clipped, scaled and reduced by what the fit rows show."""
