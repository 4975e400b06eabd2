"""One account from bars to judgement: the plan, and all that was found out."""
