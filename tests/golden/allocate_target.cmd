qbound allocate examples/mlp5.json --target 3e3 --granularity channel --method layerwise-2
