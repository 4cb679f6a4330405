qbound convert examples/typed.json --to manifest -o -
