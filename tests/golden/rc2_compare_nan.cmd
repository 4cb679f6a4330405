qbound compare a.json b.json --max-regress nan
