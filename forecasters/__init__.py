"""Walk-forward forecasters of the next close. Does no input or output, knows no broker."""
