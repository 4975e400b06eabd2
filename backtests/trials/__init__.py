"""The ledger of trials: how much was looked at on the same prices."""
