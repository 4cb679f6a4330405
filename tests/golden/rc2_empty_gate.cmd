qbound examples/typed.json --bits 3 --fail-above "$UNSET_LIMIT"
