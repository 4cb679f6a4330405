qbound inspect --operators --format json
