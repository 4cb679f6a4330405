qbound compare a.json b.json --max-regress -1%
