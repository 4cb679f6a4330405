qbound methods >/dev/full
