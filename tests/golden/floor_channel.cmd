qbound examples/typed.json --bits 3 --rounding floor --granularity channel --quantize-biases --layers --methods houache-general
