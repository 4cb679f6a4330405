qbound methods
