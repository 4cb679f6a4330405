qbound methods --format json
