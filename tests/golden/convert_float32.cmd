qbound convert examples/lenet.json --to onnx -o - | qbound inspect - --check
