qbound allocate examples/typed.json --frontier --points 5 --methods fast
